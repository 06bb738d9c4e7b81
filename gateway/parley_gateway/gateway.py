"""One gateway process, put together: from its configuration to its end."""

from __future__ import annotations

import asyncio
import logging
import socket
import time
from collections.abc import Callable
from contextlib import nullcontext
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from parley_contract.config import GatewayConfig
from parley_contract.protocols import TwilioProtocolConfig
from parley_gateway.access.assembly import create_access
from parley_gateway.accounting import create_accounting
from parley_gateway.accounts import Subject
from parley_gateway.agent import AgentSource, AgentTextError
from parley_gateway.app import App
from parley_gateway.audio.mulaw import RATE as TELEPHONE_RATE
from parley_gateway.configuration import ConfigurationError
from parley_gateway.conversation.events import Stage
from parley_gateway.drain import Stop, drain, settle
from parley_gateway.health import Health, Phase, StageHealth
from parley_gateway.log_level import LogLevelSwitch
from parley_gateway.loop_lag import LoopLag
from parley_gateway.metrics import Metrics, SessionMetrics
from parley_gateway.providers.registry import Pipeline, ProviderNotInstalledError, create_pipeline
from parley_gateway.server import Server, create_server
from parley_gateway.session.observer import Observers, SessionObserver
from parley_gateway.sessions import Sessions
from parley_gateway.telemetry.profiles import Profiles
from parley_gateway.tools.registry import create_tools
from parley_gateway.warmup import warm_up

if TYPE_CHECKING:
    from parley_gateway.recordings.recorder import Recorder
    from parley_gateway.telemetry.traces import Traces

logger = logging.getLogger(__name__)

_CLOSE_S = 5.0
_TOOLS_S = 5.0
"""What servers of tools may delay the start by: one that is away is looked for while calls are taken."""


class Gateway:
    """A process that holds conversations until it is asked to stop."""

    def __init__(self, config: GatewayConfig) -> None:
        """Build every part; nothing is connected yet. Raises ConfigurationError."""
        self._config = config
        self._metrics = Metrics(config.observability, sessions_per_pod=config.limits.sessions_per_pod)
        self._lag = LoopLag(observe=self._metrics.lag.observe, clock=time.monotonic)
        self._health = _health(config, self._lag)
        try:
            self._build()
        except (AgentTextError, ProviderNotInstalledError, OSError, ValueError) as error:
            raise ConfigurationError(str(error)) from error

    def _build(self) -> None:
        config, agent = self._config, AgentSource(self._config.agent)
        self._log_level = LogLevelSwitch(config.agent, otherwise=config.log_level)
        self._traces = _traces(config)
        self.profiles = Profiles(config.observability.profiles)
        self._accounting = create_accounting(config, self._metrics.registry)
        self._recorder = _recorder(config, self._metrics)
        self._access = create_access(config.auth, vouched=_vouches(config), uses=self._accounting.uses)
        self._pipeline: Pipeline = create_pipeline(
            config.pipeline,
            config.deadlines,
            turn_taking=config.turn_taking,
            agent=agent.current,
            observer=self._metrics.providers,
            line_rate=_line_rate(config),
        )
        self._tools = create_tools(config.tools)
        self._health.dependencies = self._dependencies
        self._sessions = Sessions(
            config,
            pipeline=self._pipeline,
            agent=agent,
            authenticator=self._access.authenticator,
            accounts=self._accounting,
            metrics=self._metrics,
            observer=self._observer,
            tools=self._tools,
            recorder=self._recorder,
        )
        self._app = App(
            config,
            sessions=self._sessions,
            health=self._health,
            metrics=self._metrics,
            minting=self._access.minting,
            webhook=self._accounting.webhook,
        )

    async def run(self, listener: socket.socket, *, stop: Stop, ready: Callable[[], None]) -> None:
        """Serve on `listener` until asked to stop, then drain. `ready` is called once all stages are warm."""
        recording = self._recorder.running() if self._recorder else nullcontext()
        async with self._accounting.running(), self._tools.running(), recording:
            try:
                await self._serve(listener, stop, ready)
            finally:
                await self._close_providers()
                await self._access.aclose()
                await self.profiles.aclose()
                if self._traces is not None:
                    await self._traces.aclose()

    async def _serve(self, listener: socket.socket, stop: Stop, ready: Callable[[], None]) -> None:
        """Until no session is left."""
        server = create_server(self._app.routes(), self._config.limits)
        serving = asyncio.create_task(server.serve(sockets=[listener]), name="server")
        warming = asyncio.create_task(self._warm(ready), name="warm up")
        measuring = asyncio.create_task(self._lag.run(), name="loop lag")
        logging_as_told = asyncio.create_task(self._log_level.run(), name="log level")
        asked = asyncio.create_task(stop.asked.wait(), name="stop")
        self._access.warm()
        try:
            await asyncio.wait({serving, asked}, return_when=asyncio.FIRST_COMPLETED)
            if not serving.done():
                await self._drain(stop)
        finally:
            await _stopped(server, serving)
            await _cancelled(warming, measuring, logging_as_told, asked)

    def _observer(self, session: str, subject: Subject) -> SessionObserver:
        """What hears of a session: metrics and health, and its trace where there is one."""
        metrics = SessionMetrics(self._metrics, self._health, tenant=subject.tenant)
        if self._traces is None:
            return metrics
        return Observers(metrics, self._traces.of(session, tenant=subject.tenant))

    def _dependencies(self) -> dict[str, dict[str, Any]]:
        """What else the process depends on, and how each provider of a stage fares, for /health."""
        stages = {stage.value: {"providers": self._pipeline.report(stage)} for stage in Stage}
        recordings = self._recorder.health() if self._recorder else {}
        shared = {**self._accounting.health(), **self._access.health()}
        return {**stages, **self._tools.health(), **shared, **recordings}

    async def _warm(self, ready: Callable[[], None]) -> None:
        tools = self._tools.warm(within_s=_TOOLS_S)
        await asyncio.gather(warm_up(self._pipeline, self._health), tools)
        if self._health.phase is Phase.SERVING:
            ready()

    async def _drain(self, stop: Stop) -> None:
        """Sessions first; what is left of the time is for rows whose database is away."""
        loop, timeout_s = asyncio.get_running_loop(), self._config.drain.timeout
        deadline = loop.time() + timeout_s
        self._app.drain()
        await drain(self._sessions, timeout_s=timeout_s, hurry=stop.hurry)
        left_s = max(0.0, deadline - loop.time())
        await settle(self._accounting.settled(), timeout_s=left_s, hurry=stop.hurry)

    async def _close_providers(self) -> None:
        pipeline = self._pipeline
        stages = (pipeline.stt, pipeline.llm, pipeline.tts, pipeline.voice_activity)
        closing = [asyncio.create_task(stage.aclose(), name="close provider") for stage in stages if stage]
        _, late = await asyncio.wait(closing, timeout=_CLOSE_S)
        await _cancelled(*late)


async def _stopped(server: Server, serving: asyncio.Task[None]) -> None:
    """The listener closes and clients that are saying goodbye get a moment; uvicorn bounds the wait."""
    server.should_exit = True
    await serving


async def _cancelled(*tasks: asyncio.Task[object]) -> None:
    for task in tasks:
        task.cancel()
    if tasks:
        await asyncio.wait(tasks, timeout=_CLOSE_S)


def _vouches(config: GatewayConfig) -> bool:
    """Whether some protocol proves its peers itself, so that nobody need bring a token."""
    return any(getattr(protocol, "auth_token_file", None) is not None for protocol in config.protocols)


def _traces(config: GatewayConfig) -> Traces | None:
    """OpenTelemetry is imported only where it is asked for. Raises OSError or ValueError."""
    traces = config.observability.traces
    if traces is None:
        return None
    try:
        from parley_gateway.telemetry.traces import Traces
    except ModuleNotFoundError as error:
        raise ValueError(
            f"observability: traces need the package {error.name!r}: install parley-voice[traces]"
        ) from error
    return Traces(traces, name=config.name, namespace=config.namespace, version=version("parley-voice"))


def _recorder(config: GatewayConfig, metrics: Metrics) -> Recorder | None:
    """Imported only where sessions are recorded."""
    if config.recordings is None:
        return None
    from parley_gateway.recordings.assembly import create_recorder

    return create_recorder(config, config.recordings, registry=metrics.registry)


def _line_rate(config: GatewayConfig) -> int | None:
    """Hz of all clients' audio, if it is one: telephones have 8 kHz, and it need be nothing else anywhere."""
    telephones = all(isinstance(protocol, TwilioProtocolConfig) for protocol in config.protocols)
    return TELEPHONE_RATE if telephones else None


def _health(config: GatewayConfig, lag: LoopLag) -> Health:
    pipeline = config.pipeline
    stages = {
        Stage.STT: StageHealth(pipeline.stt.provider),
        Stage.LLM: StageHealth(pipeline.llm.provider),
        Stage.TTS: StageHealth(pipeline.tts.provider),
    }
    details = {"name": config.name, "namespace": config.namespace, "version": version("parley-voice")}
    return Health(stages, clock=time.monotonic, lag=lambda: lag.seconds, details=details)
