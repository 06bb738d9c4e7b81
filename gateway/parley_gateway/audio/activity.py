"""Which voice activity the configuration asks for. Imported only where it is used, since each brings NumPy."""

from __future__ import annotations

from parley_contract.turn_taking import TurnTakingConfig
from parley_gateway.ports import VoiceActivity


def create_voice_activity(config: TurnTakingConfig) -> VoiceActivity:
    """The detector, not loaded yet: `Provider` too has one, for recognisers that say nothing of speech.

    Raises ModuleNotFoundError for `Silero` without onnxruntime.
    """
    if config.voice_activity == "Silero":
        from parley_gateway.audio.silero import SileroActivity

        return SileroActivity()
    from parley_gateway.audio.energy import EnergyActivity

    return EnergyActivity()
