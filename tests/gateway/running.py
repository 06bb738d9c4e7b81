"""A gateway on a real socket: in the test's own loop, or as the process that a pod runs."""

from __future__ import annotations

import asyncio
import json
import os
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from parley_contract.config import GatewayConfig
from parley_gateway.drain import Stop
from parley_gateway.gateway import Gateway
from parley_gateway.listener import listen
from tests.forks import Piped

HOST = "127.0.0.1"
TOKEN = "correct-horse-battery-staple"


@dataclass
class Site:
    """The files of a pod: agent, tokens, keys and configuration."""

    folder: Path
    emulators_url: str
    settings: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.agent = self.folder / "agent.json"
        self.token = self.folder / "token"
        self.key = self.folder / "api-key"
        self.write_agent(instructions="Be brief.")
        self.token.write_text(TOKEN)
        self.key.write_text("sk-test-0123456789abcdef")

    def write_agent(self, **text: Any) -> None:
        self.agent.write_text(json.dumps(text))

    def content(self) -> dict[str, Any]:
        keyed = {"api_key_files": [str(self.key)], "base_url": self.emulators_url}
        openai = {**keyed, "base_url": f"{self.emulators_url}/v1"}
        return {
            "name": "test",
            "agent": {"file": str(self.agent)},
            "pipeline": {
                "stt": {"provider": "Deepgram", **keyed},
                "llm": {"provider": "Anthropic", "model": "claude-haiku-4-5", **keyed},
                "tts": {"provider": "OpenAI", "model": "gpt-4o-mini-tts", **openai},
            },
            "auth": {"tokens": {"token_files": [str(self.token)]}},
            **self.settings,
        }

    def config(self) -> GatewayConfig:
        return GatewayConfig.model_validate_json(json.dumps(self.content()))

    def write_config(self) -> Path:
        path = self.folder / "gateway.json"
        path.write_text(json.dumps(self.content()))
        return path


@dataclass
class Served:
    """Where a gateway is."""

    port: int
    path: str = "/v1/voice"

    @property
    def url(self) -> str:
        return f"ws://{HOST}:{self.port}{self.path}"

    async def get(self, path: str) -> httpx.Response:
        async with httpx.AsyncClient(trust_env=False, verify=False) as client:
            return await client.get(f"http://{HOST}:{self.port}{path}")

    async def metric(self, series: str) -> float:
        """The value of a series, 0 where it does not exist yet."""
        return _value((await self.get("/metrics")).text, series)

    async def until_metric(self, series: str, value: float) -> None:
        """Wait until a series has this value: what a client cannot see, Prometheus can."""
        exposition = ""
        try:
            async with asyncio.timeout(30):
                while not exposition or _value(exposition, series) != value:
                    await asyncio.sleep(0.05)
                    exposition = (await self.get("/metrics")).text
        except TimeoutError:
            ours = "\n".join(line for line in exposition.splitlines() if line.startswith("voice_"))
            raise AssertionError(f"{series} did not become {value}:\n{ours}") from None


def _value(exposition: str, series: str) -> float:
    values = [line.rpartition(" ")[2] for line in exposition.splitlines() if line.rpartition(" ")[0] == series]
    return float(values[0]) if values else 0.0


@asynccontextmanager
async def served(config: GatewayConfig, *, wait: bool = True) -> AsyncIterator[Served]:
    """A gateway in this loop. Afterwards it has drained, and none of its tasks is left."""
    before = asyncio.all_tasks()
    listener = listen(HOST, 0)
    ready, stop = asyncio.Event(), Stop()
    running = asyncio.create_task(Gateway(config).run(listener, stop=stop, ready=ready.set))
    port = listener.getsockname()[1]
    try:
        if wait:
            async with asyncio.timeout(30):
                await ready.wait()
        yield Served(port)
    finally:
        stop.ask()
        stop.ask()
        async with asyncio.timeout(30):
            await running
    left = [task for task in asyncio.all_tasks() - before if _is_ours(task)]
    assert not left, f"tasks are left: {left}"


def _is_ours(task: asyncio.Task[Any]) -> bool:
    """Not the test's own, nor an emulator's."""
    code = getattr(task.get_coro(), "cr_code", None)
    return code is not None and "parley_gateway" in code.co_filename


class Process:
    """`parley-gateway` as an operating system's process, its logs read as they come."""

    def __init__(self, process: Piped) -> None:
        self._process = process
        self.logs: list[dict[str, Any]] = []
        self.said = ""
        """What it wrote that is no log."""
        self._reading = asyncio.create_task(self._read())
        self._logged = asyncio.Condition()

    async def _read(self) -> None:
        async for line in self._process.stderr:
            async with self._logged:
                if line.startswith(b"{"):
                    self.logs.append(json.loads(line))
                else:
                    self.said += line.decode()
                self._logged.notify_all()
        async with self._logged:
            self._logged.notify_all()

    async def logged(self, message: str, *, nth: int = 1) -> dict[str, Any]:
        """The first log entry with this message, or a later one, waiting for it."""
        async with asyncio.timeout(90), self._logged:
            while len(found := [entry for entry in self.logs if entry["message"] == message]) < nth:
                assert not self._process.stderr.at_eof(), f"it ended: {self.said}{self.logs}"
                await self._logged.wait()
            return found[nth - 1]

    def signal(self, number: int) -> None:
        self._process.send_signal(number)

    async def exit_status(self) -> int:
        async with asyncio.timeout(30):
            status = await self._process.wait()
            await self._reading
            return status


@asynccontextmanager
async def process(config: Path, *, host: str = HOST) -> AsyncIterator[tuple[Process, Served]]:
    """The real program with the real signals, forked; ready when this begins, gone when it ends.

    test_startup.py and test_demo.py start the command itself.
    """
    arguments = ("--config", str(config), "--host", host, "--port", "0")
    child = await Piped.start("parley-gateway", *arguments, environment=os.environ)
    running = Process(child)
    try:
        port = (await running.logged("ready"))["port"]
        yield running, Served(port)
    finally:
        if child.returncode is None:
            child.kill()
        await running.exit_status()


@contextmanager
def busy_port() -> Iterator[int]:
    """A port that somebody else listens on."""
    with socket.create_server((HOST, 0)) as other:
        yield other.getsockname()[1]
