"""Rooms, levels, noise and telephones: what happens to speech on its way. The same each time."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from parley_gateway.audio.resample import Resampler
from tests.recordings import RATE

Change = Callable[[bytes], bytes]


def room(ms: int, amplitude: float = 4) -> bytes:
    return np.random.default_rng(ms).normal(0, amplitude, RATE * ms // 1000).astype("<i2").tobytes()


def louder(factor: float) -> Change:
    return lambda pcm: np.clip(np.frombuffer(pcm, "<i2") * factor, -32_768, 32_767).astype("<i2").tobytes()


def noisy(snr_db: float) -> Change:
    """White noise, that many dB below the speech."""

    def change(pcm: bytes) -> bytes:
        samples = np.frombuffer(pcm, "<i2").astype(float)
        level = samples[np.abs(samples) > 300].std() / 10 ** (snr_db / 20)
        return (
            np.clip(samples + np.random.default_rng(7).normal(0, level, len(samples)), -32_768, 32_767)
            .astype("<i2")
            .tobytes()
        )

    return change


def by_telephone(pcm: bytes) -> bytes:
    """At 8 kHz and back."""
    down, up = Resampler(RATE, 8_000), Resampler(8_000, RATE)
    return up.feed(down.feed(pcm) + down.flush()) + up.flush()


def from_a_browser(pcm: bytes) -> bytes:
    """At 48 kHz and back."""
    up, down = Resampler(RATE, 48_000), Resampler(48_000, RATE)
    return down.feed(up.feed(pcm) + up.flush()) + down.flush()
