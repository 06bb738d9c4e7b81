"""A collector of OpenTelemetry traces: OTLP over HTTP, as far as an exporter sees it."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)
from opentelemetry.proto.trace.v1.trace_pb2 import Span


@dataclass
class Collector:
    """Takes every POST."""

    url: str = ""
    bodies: list[bytes] = field(default_factory=list)
    headers: list[str] = field(default_factory=list)
    spans: list[Span] = field(default_factory=list)
    resources: list[dict[str, str]] = field(default_factory=list)

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        lines = head.lower().splitlines()
        (length,) = [int(line.partition(":")[2]) for line in lines if line.startswith("content-length:")]
        self._take(head, await reader.readexactly(length))
        body = ExportTraceServiceResponse().SerializeToString()
        headers = f"Content-Type: application/x-protobuf\r\nContent-Length: {len(body)}\r\nConnection: close"
        writer.write(f"HTTP/1.1 200 OK\r\n{headers}\r\n\r\n".encode() + body)
        await writer.drain()
        writer.close()
        await writer.wait_closed()

    def _take(self, head: str, body: bytes) -> None:
        self.headers.append(head)
        self.bodies.append(body)
        for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
            attributes = resource.resource.attributes
            self.resources.append({each.key: each.value.string_value for each in attributes})
            for scope in resource.scope_spans:
                self.spans += scope.spans

    def named(self, name: str) -> list[Span]:
        """In the order in which they began."""
        named = [span for span in self.spans if span.name == name]
        return sorted(named, key=lambda span: span.start_time_unix_nano)

    def within(self, span: Span) -> dict[str, Span]:
        """The parts of a span, by their names."""
        return {part.name: part for part in self.spans if part.parent_span_id == span.span_id}


def attributes(span: Span | Span.Event) -> dict[str, object]:
    """A span's, as Python has them."""
    return {each.key: getattr(each.value, each.value.WhichOneof("value") or "") for each in span.attributes}


@asynccontextmanager
async def collector(*, tls: ssl.SSLContext | None = None) -> AsyncIterator[Collector]:
    """One on a port of its own."""
    collector = Collector()
    server = await asyncio.start_server(collector.answer, "127.0.0.1", 0, ssl=tls)
    async with server:
        scheme = "https" if tls else "http"
        collector.url = f"{scheme}://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1/traces"
        yield collector
