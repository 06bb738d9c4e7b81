"""Which voice activity the configuration asks for."""

from __future__ import annotations

from importlib import import_module
from typing import cast

from parley_contract.turn_taking import TurnTakingConfig
from parley_gateway.ports import VoiceActivity

_DETECTORS = {"Silero": "silero.SileroActivity"}
"""Imported only where it is used, since each brings NumPy; loudness where nothing better is asked for."""


def create_voice_activity(config: TurnTakingConfig) -> VoiceActivity:
    """The detector, not loaded yet: `Provider` too has one, for recognisers that say nothing of speech.

    Raises ModuleNotFoundError for `Silero` without onnxruntime.
    """
    module, _, name = _DETECTORS.get(config.voice_activity, "energy.EnergyActivity").partition(".")
    return cast("VoiceActivity", getattr(import_module(f"parley_gateway.audio.{module}"), name)())
