"""A gateway without its network: real protocols, admission and sessions, on sockets in memory, in virtual time."""

from __future__ import annotations

import asyncio
import gc
import json
import random
import re
from collections import Counter
from pathlib import Path

from parley_contract.config import GatewayConfig
from parley_contract.protocols import TwilioProtocolConfig
from parley_gateway.access.assembly import create_access
from parley_gateway.accounts import Unaccounted
from parley_gateway.agent import AgentSource
from parley_gateway.conversation.events import Stage
from parley_gateway.health import Health, StageHealth
from parley_gateway.metrics import Metrics, SessionMetrics
from parley_gateway.protocols.endpoint import Endpoint
from parley_gateway.protocols.native_endpoint import NativeEndpoint
from parley_gateway.protocols.twilio_endpoint import TwilioEndpoint
from parley_gateway.providers.registry import Pipeline
from parley_gateway.sessions import Sessions
from tests.gateway.fuzz.providers import EchoingLlm, HastyTts, NervousStt

TOKEN = "correct-horse-battery-staple"
FRAME_BYTES = 8192
_OURS = re.compile(r"<(class|enum) 'parley_(?!gateway\.conversation\.history)")


class House:
    """To be made in the loop that runs it."""

    def __init__(self, folder: Path, generator: random.Random) -> None:
        (folder / "agent.json").write_text('{"greeting": "Hello."}')
        (folder / "token").write_text(TOKEN)
        config = GatewayConfig.model_validate_json(
            json.dumps(
                {
                    "agent": {"file": str(folder / "agent.json")},
                    "pipeline": {stage: {"provider": "Embedded"} for stage in ("stt", "llm", "tts")},
                    "auth": {"tokens": {"token_files": [str(folder / "token")]}},
                    "limits": {"frame_bytes": FRAME_BYTES, "sessions_per_pod": 50, "session_duration": 86_400},
                }
            )
        )
        loop = asyncio.get_running_loop()
        self.llm = EchoingLlm(generator)
        self.metrics = Metrics(clock=loop.time)
        health = Health(
            {stage: StageHealth("Embedded", warm=True) for stage in Stage}, clock=loop.time, lag=lambda: 0.0
        )
        self.sessions = Sessions(
            config,
            pipeline=Pipeline(NervousStt(generator), self.llm, HastyTts()),
            agent=AgentSource(config.agent),
            authenticator=create_access(config.auth).authenticator,
            accounts=Unaccounted(),
            metrics=self.metrics,
            observer=lambda _, subject: SessionMetrics(self.metrics, health, tenant=subject.tenant),
        )
        self.native: Endpoint = NativeEndpoint(
            self.sessions, limits=config.limits, clock=loop.time, observer=self.metrics
        )
        self.twilio: Endpoint = TwilioEndpoint(
            TwilioProtocolConfig(), self.sessions, limits=config.limits, clock=loop.time, observer=self.metrics
        )

    async def alone_with(self, sessions: int) -> None:
        """Wait until no more than so many are left."""
        async with asyncio.timeout(60):
            while len(self.sessions) > sessions:  # noqa: ASYNC110 - virtual time
                await asyncio.sleep(0.1)
            await asyncio.sleep(10)


def kept() -> tuple[int, Counter[str]]:
    """Tasks, and objects of ours by type. The bystander's history may grow, since it talks."""
    gc.collect()
    ours = Counter(str(kind) for kind in map(type, gc.get_objects()) if _OURS.match(str(kind)))
    return len(asyncio.all_tasks()), ours
