"""What providers load of their SDKs, which is most of a gateway's memory before its first call."""

from __future__ import annotations

import subprocess
import sys

DEEPGRAM = """
import sys
from parley_contract.pipeline import DeadlinesConfig
from parley_gateway.providers.deepgram_client import DeepgramSockets

client = DeepgramSockets("http://127.0.0.1:9", DeadlinesConfig()).client("key")
client.listen.v2
print(*[name for name in sys.modules if name.startswith("deepgram.agent")])
client.agent.v1
print("deepgram.agent.v1.client" in sys.modules)
"""


def test_deepgrams_agents_are_not_loaded_and_can_be() -> None:
    """3 MB of an API that the gateway does not use, and whose absence must not stay."""
    said = subprocess.run([sys.executable, "-c", DEEPGRAM], capture_output=True, text=True, timeout=60, check=True)
    assert said.stdout.splitlines() == ["", "True"]
