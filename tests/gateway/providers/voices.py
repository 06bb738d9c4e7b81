"""The providers of speech, set up against the emulators, and what a test asks the emulators about them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from parley_contract.pipeline import CartesiaTts, DeepgramTts, ElevenLabsTts, OpenAICompatibleTts
from parley_gateway.ports import TtsRequest, Unit, Usage
from parley_gateway.providers.registry import create_tts
from tests.emulators.emulators import Emulators
from tests.emulators.faults import Fault
from tests.emulators.journal import Entry
from tests.gateway.providers.network import SPEECH, Network

POOL_RATE = 22_050


def worker_pool(network: Network, **options: Any) -> Any:
    """Workers with OpenAI's speech API, a rate of their own, and no key."""
    config = OpenAICompatibleTts(
        base_url=f"{network.address}/v1", model="piper", voice="amy", sample_rate=POOL_RATE, **options
    )
    return create_tts(config, network.deadlines)


def deepgram(network: Network, **options: Any) -> Any:
    """Deepgram's Aura."""
    return create_tts(DeepgramTts(**_where(network), **options), network.deadlines)


def cartesia(network: Network, **options: Any) -> Any:
    """Cartesia."""
    return create_tts(CartesiaTts(voice="a0e99841", **_where(network), **options), network.deadlines)


def elevenlabs(network: Network, **options: Any) -> Any:
    """ElevenLabs."""
    return create_tts(ElevenLabsTts(voice="21m00Tcm4Tlv", **_where(network), **options), network.deadlines)


def _where(network: Network) -> dict[str, Any]:
    return {"api_key_files": [network.key_file], "base_url": network.address}


@dataclass(frozen=True)
class Studio:
    """A provider's emulator, as a test of its voice sees it."""

    emulators: Emulators
    provider: str

    @property
    def endpoint(self) -> Any:
        """The emulator."""
        return getattr(self.emulators, self.provider)

    @property
    def requests(self) -> list[Entry]:
        """For speech, so far."""
        entries = self.emulators.journal.of(self.endpoint.route)
        return [entry for entry in entries if entry.method in ("POST", "SPEAK")]

    def script(self, **changes: Any) -> None:
        """Behave otherwise from now on."""
        self.endpoint.set_script(self.endpoint.script.model_copy(update=changes))

    def befall(self, *faults: Fault) -> None:
        """Let these befall the next requests; on a WebSocket, what precedes an answer befalls the handshake."""
        if not hasattr(self.endpoint.script, "handshake_faults"):
            self.script(faults=list(faults))
            return
        early = [fault for fault in faults if fault.after == 0 and fault.kind not in ("none", "error_event")]
        self.script(handshake_faults=early, faults=[fault for fault in faults if fault not in early])

    def speech(self, *texts: str) -> dict[int, bytes]:
        """What these segments sound like."""
        return {number: self.endpoint.audio_of(text) for number, text in enumerate(texts, start=1)}


class Meter:
    """Adds up what a voice is billed for."""

    def __init__(self) -> None:
        self.told: list[Usage] = []

    @property
    def request(self) -> TtsRequest:
        """A reply that is metered here."""
        return TtsRequest(SPEECH.context, SPEECH.language, self.told.append)

    def sum(self, unit: Unit) -> float:
        """Of all that was told."""
        return sum(usage.amounts.get(unit, 0) for usage in self.told)
