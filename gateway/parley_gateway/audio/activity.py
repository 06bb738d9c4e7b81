"""Which voice activity the configuration asks for."""

from __future__ import annotations

from importlib import import_module
from typing import cast

from parley_contract.turn_taking import TurnTakingConfig
from parley_gateway.audio.energy import EnergyActivity
from parley_gateway.ports import VoiceActivity


def create_voice_activity(config: TurnTakingConfig) -> VoiceActivity:
    """The detector, not loaded yet: `Provider` too has one, for recognisers that say nothing of speech.

    Raises ModuleNotFoundError for `Silero` without onnxruntime, which is imported here and not before.
    """
    if config.voice_activity != "Silero":
        return EnergyActivity()
    return cast("VoiceActivity", import_module("parley_gateway.audio.silero").SileroActivity())
