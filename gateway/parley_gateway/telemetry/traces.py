"""OpenTelemetry: a trace for each session, a span for each turn, and in it one for each thing it waited for.

Spans are made when a turn is over and sent by a thread of their own (OTLP over HTTP): no turn waits for a
collector, and where it does not answer, spans are lost and nothing else.
"""

from __future__ import annotations

import asyncio
import threading
import time
from contextlib import suppress
from pathlib import Path

from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.sampling import ParentBased, TraceIdRatioBased
from opentelemetry.trace import Span as OpenSpan
from opentelemetry.trace import Status, StatusCode, set_span_in_context

from parley_contract.observability import TracesConfig
from parley_gateway import trust
from parley_gateway.conversation.events import EndReason
from parley_gateway.session.observer import SessionObserver, Unobserved
from parley_gateway.telemetry.turn_trace import Span, TurnTraces

_EXPORT_S = 5.0
_EVERY_S = 2.0
_CLOSE_S = 5.0
_QUEUE = 4096
"""Spans that wait for the collector; what is beyond is lost."""
_BATCH = 512


class Traces:
    """One process's."""

    def __init__(self, config: TracesConfig, *, name: str, namespace: str, version: str) -> None:
        """`name` and `namespace` are the deployment's. Raises OSError where a header's file cannot be read."""
        headers = {header: Path(file).read_text().strip() for header, file in config.header_files.items()}
        exporter = OTLPSpanExporter(
            endpoint=config.endpoint, headers=headers, timeout=_EXPORT_S, certificate_file=trust.bundle()
        )
        resource = {
            "service.name": "parley-gateway",
            "service.version": version,
            "service.namespace": namespace,
            "parley.deployment": name,
        }
        self._provider = TracerProvider(
            resource=Resource.create(resource),
            sampler=ParentBased(TraceIdRatioBased(config.sample_ratio)),
            shutdown_on_exit=False,
        )
        self._provider.add_span_processor(
            BatchSpanProcessor(
                exporter,
                max_queue_size=_QUEUE,
                schedule_delay_millis=_EVERY_S * 1000,
                max_export_batch_size=_BATCH,
            )
        )
        self._tracer = self._provider.get_tracer("parley_gateway", version)

    def of(self, session: str, *, tenant: str) -> SessionObserver:
        """The observer of a session that begins now; one that is not sampled costs nothing more."""
        span = self._tracer.start_span("session", attributes={"parley.session": session, "parley.tenant": tenant})
        if not span.is_recording():
            return Unobserved()
        context = set_span_in_context(span)
        return TurnTraces(
            clock=time.time,
            on_turn=lambda turn: self._make(turn, context),
            on_ended=lambda reason: _end_session(span, reason),
        )

    async def aclose(self) -> None:
        """Send what is left, for a few seconds at most."""
        loop, done = asyncio.get_running_loop(), asyncio.Event()

        def shut_down() -> None:
            self._provider.shutdown()
            with suppress(RuntimeError):  # nobody waits any more
                loop.call_soon_threadsafe(done.set)

        threading.Thread(target=shut_down, name="last traces", daemon=True).start()
        with suppress(TimeoutError):
            async with asyncio.timeout(_CLOSE_S):
                await done.wait()

    def _make(self, part: Span, context: Context) -> None:
        span = self._tracer.start_span(
            part.name, context, attributes=part.attributes, start_time=_nanoseconds(part.began_at)
        )
        for moment in part.moments:
            span.add_event(moment.name, moment.attributes, _nanoseconds(moment.at))
        if part.failed:
            span.set_status(Status(StatusCode.ERROR))
        within = set_span_in_context(span)
        for inner in part.parts:
            self._make(inner, within)
        span.end(_nanoseconds(part.ended_at))


def _end_session(span: OpenSpan, reason: EndReason) -> None:
    span.set_attribute("parley.reason", reason.value)
    span.end()


def _nanoseconds(seconds: float) -> int:
    return int(seconds * 1_000_000_000)
