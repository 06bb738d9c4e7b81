"""Parley as it is deployed: one gateway process with a configuration, and the packages of its image."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.bench.contenders.contender import Mode, Providers, Server
from tests.bench.processes import free_port, program, wait_for

NATIVE_PATH = "/v1/voice"
_TWILIO_PATH = "/v1/twilio"
_PATHS = {"Twilio": _TWILIO_PATH, "Native": NATIVE_PATH}
_SESSIONS = 10_000


class Parley:
    """Implements `Contender`."""

    name = "Parley"

    def __init__(self, python: Path, *, protocols: Sequence[str] = ("Twilio",)) -> None:
        """`python`: of an environment with what `requirements/gateway.txt` names, and no more."""
        self._python = python
        self._protocols = protocols

    @contextmanager
    def serve(self, mode: Mode, providers: Providers, *, core: int, folder: Path) -> Iterator[Server]:
        """Start it on that core, wait until it is ready, and end it afterwards."""
        port, log, config = free_port(), folder / "parley.log", folder / "gateway.json"
        config.write_text(json.dumps(self._configuration(mode, providers, port=port, folder=folder)))
        # As in Dockerfile.gateway: without asserts and docstrings.
        python = [str(self._python), "-OO"]
        command = [*python, "-m", "parley_gateway", "--config", str(config), "--host", "127.0.0.1"]
        with program(command, core=core, log=log) as process:
            wait_for(f"http://127.0.0.1:{port}/readiness", log=log)
            yield Server(process, port, f"ws://127.0.0.1:{port}{_TWILIO_PATH}")

    def _configuration(self, mode: Mode, providers: Providers, *, port: int, folder: Path) -> dict[str, Any]:
        key, agent = folder / "key", folder / "agent.json"
        key.write_text("bench")
        agent.write_text(json.dumps({"instructions": "Answer briefly."}))
        keyed = {"api_key_files": [str(key)]}
        sockets, http = (f"http://127.0.0.1:{at}" for at in (providers.sockets_port, providers.http_port))
        stt = {"provider": "Deepgram" if mode is Mode.VAD else "DeepgramFlux", "base_url": sockets, **keyed}
        llm = {"provider": "Anthropic", "model": "claude-haiku-4-5", "base_url": http, **keyed}
        cartesia = {"provider": "Cartesia", "voice": "bench", "base_url": sockets, **keyed}
        openai = {"provider": "OpenAI", "model": "gpt-4o-mini-tts", "base_url": f"{http}/v1", **keyed}
        turn_taking = {"voice_activity": "Silero", "end_of_turn": "Semantic"} if mode is Mode.VAD else {}
        return {
            "port": port,
            "agent": {"file": str(agent)},
            "protocols": [{"name": name, "paths": [_PATHS[name]]} for name in self._protocols],
            "pipeline": {"stt": stt, "llm": llm, "tts": openai if mode is Mode.OPENAI else cartesia},
            "turn_taking": turn_taking,
            "auth": {"anonymous": True},
            "limits": {"sessions_per_pod": _SESSIONS, "connections_per_pod": _SESSIONS},
            "log_level": "Warning",
        }
