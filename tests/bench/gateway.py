"""What a talking session costs on one core, beside the floor of passing audio only, in the same run."""

from __future__ import annotations

import asyncio
import json
import socket
import statistics
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from tests.bench.callers import stream, talk
from tests.bench.processes import Process, program, wait_for
from tests.emulators.fixtures import API_KEY, emulator_process

_SERVER_CORE = 0
_RAMP_S = 2.0


@dataclass(frozen=True, slots=True)
class Cost:
    """Of one program under load."""

    cpu_ms_per_session_s: float
    idle_mb: float
    mb_per_session: float


@dataclass(frozen=True, slots=True)
class Report:
    """Gateway and floor in one run."""

    sessions: int
    seconds: float
    gateway: Cost
    floor: Cost
    first_audio_s: list[float]
    """Of every turn, from the caller's last sound; 0.3 s of it is the emulated recogniser's own endpointing."""

    def lines(self) -> list[str]:
        """For a person."""
        gateway, floor = self.gateway, self.floor
        ratio = gateway.cpu_ms_per_session_s / floor.cpu_ms_per_session_s
        cuts = statistics.quantiles(self.first_audio_s, n=20, method="inclusive")
        turns = len(self.first_audio_s)
        return [
            f"{self.sessions} sessions talking for {self.seconds:.0f} s, server on one core, {turns} turns",
            f"  CPU per session-second    gateway {gateway.cpu_ms_per_session_s:6.2f} ms   "
            f"floor {floor.cpu_ms_per_session_s:6.2f} ms   ratio {ratio:.1f}",
            f"  memory before the first   gateway {gateway.idle_mb:6.1f} MB   floor {floor.idle_mb:6.1f} MB",
            f"  memory per session        gateway {gateway.mb_per_session:6.2f} MB   "
            f"floor {floor.mb_per_session:6.2f} MB",
            f"  last sound → first audio  p50 {cuts[9] * 1000:.0f} ms   p95 {cuts[18] * 1000:.0f} ms   "
            "(of which 300 ms are the recogniser's endpointing)",
        ]


def measure(*, sessions: int, seconds: float, folder: Path) -> Report:
    """Run gateway, then floor, under the same number of callers."""
    felt: list[float] = []
    with emulator_process(scripts=_scripts(folder)) as emulators:
        port = _free_port()
        config = _config(folder, emulators=emulators, port=port)
        log = folder / "gateway.log"
        with program(["-m", "parley_gateway", "--config", str(config)], core=_SERVER_CORE, log=log) as process:
            wait_for(f"http://127.0.0.1:{port}/readiness", log=log)

            async def caller(until: float, delay_s: float) -> None:
                felt.extend(await talk(f"ws://127.0.0.1:{port}/v1/voice", until=until, delay_s=delay_s))

            gateway = asyncio.run(_load(process, caller, sessions=sessions, seconds=seconds))
    floor = _floor(sessions=sessions, seconds=seconds, folder=folder)
    return Report(sessions, seconds, gateway, floor, felt)


def _floor(*, sessions: int, seconds: float, folder: Path) -> Cost:
    port, log = _free_port(), folder / "floor.log"
    with program(["-m", "tests.bench.floor", str(port)], core=_SERVER_CORE, log=log) as process:
        while "listening" not in log.read_text():
            time.sleep(0.05)

        async def caller(until: float, delay_s: float) -> None:
            await stream(f"ws://127.0.0.1:{port}", until=until, delay_s=delay_s)

        return asyncio.run(_load(process, caller, sessions=sessions, seconds=seconds))


async def _load(
    process: Process, caller: Callable[[float, float], Awaitable[None]], *, sessions: int, seconds: float
) -> Cost:
    idle_mb = process.pss_mb
    until = time.monotonic() + _RAMP_S + seconds
    async with asyncio.TaskGroup() as group:
        for number in range(sessions):
            group.create_task(_run(caller, until, _RAMP_S * number / sessions))
        await asyncio.sleep(_RAMP_S)
        before, began = process.cpu_s, time.monotonic()
        await asyncio.sleep(seconds - 1)
        cpu_s, wall_s = process.cpu_s - before, time.monotonic() - began
        per_session = (process.pss_mb - idle_mb) / sessions
    return Cost(cpu_s * 1000 / (sessions * wall_s), idle_mb, per_session)


async def _run(caller: Callable[[float, float], Awaitable[None]], until: float, delay_s: float) -> None:
    await caller(until, delay_s)


def _config(folder: Path, *, emulators: str, port: int) -> Path:
    key, agent, config = folder / "key", folder / "agent.json", folder / "gateway.json"
    key.write_text(API_KEY)
    agent.write_text(json.dumps({"instructions": "Answer briefly."}))
    keyed = {"api_key_files": [str(key)]}
    pipeline = {
        "stt": {"provider": "Deepgram", "base_url": emulators, **keyed},
        "llm": {"provider": "Anthropic", "model": "claude-haiku-4-5", "base_url": emulators, **keyed},
        "tts": {"provider": "OpenAI", "model": "gpt-4o-mini-tts", "base_url": f"{emulators}/v1", **keyed},
    }
    whole = {
        "port": port,
        "agent": {"file": str(agent)},
        "pipeline": pipeline,
        "auth": {"anonymous": True},
        "log_level": "Warning",
    }
    config.write_text(json.dumps(whole))
    return config


def _scripts(folder: Path) -> Path:
    path = folder / "scripts.json"
    path.write_text(json.dumps({"anthropic": {"replies": ["We are open until six. Shall I book a table?"]}}))
    return path


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])
