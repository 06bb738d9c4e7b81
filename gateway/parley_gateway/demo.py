"""A gateway on a laptop: embedded speech, no account, no cluster, reachable from this machine alone."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from parley_contract.access import AuthConfig
from parley_contract.agent import AgentConfig, AgentText
from parley_contract.config import DrainConfig, GatewayConfig
from parley_contract.pipeline import EmbeddedLlm, EmbeddedStt, EmbeddedTts, PipelineConfig

HOST = "127.0.0.1"
PORT = 8088
"""Not 8080: that is where the local cluster's ingress listens."""
_DRAIN_S = 2.0
"""Whoever presses Ctrl-C at a laptop does not wait for half an hour."""
_AGENT = AgentText(
    instructions="You are a friendly guide to this voice service. Be brief.",
    greeting="Hello, this is Parley. How can I help you?",
)


@contextmanager
def configuration() -> Iterator[GatewayConfig]:
    """A configuration whose files live as long as the context."""
    with TemporaryDirectory(prefix="parley-demo-") as folder:
        agent = Path(folder) / "agent.json"
        agent.write_text(_AGENT.model_dump_json(), encoding="utf-8")
        yield GatewayConfig(
            name="demo",
            port=PORT,
            agent=AgentConfig(file=agent),
            pipeline=PipelineConfig(stt=EmbeddedStt(), llm=EmbeddedLlm(), tts=EmbeddedTts()),
            auth=AuthConfig(anonymous=True),
            drain=DrainConfig(timeout=_DRAIN_S),
        )


def guide(port: int) -> str:
    """What to do with a gateway that listens on `port`."""
    url = f"ws://{HOST}:{port}/v1/voice"
    return f"""
Parley listens at {url}

  talk by microphone     parley talk {url}
  play a recording       parley talk {url} --sample three-cards, or --wav FILE
  type instead           parley talk {url} --text "Tell me a joke"
  how it is doing        http://{HOST}:{port}/health

Stop with Ctrl-C.
"""
