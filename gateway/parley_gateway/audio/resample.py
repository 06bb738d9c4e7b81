"""A stream of PCM from one sample rate to another, whatever the chunks; equal rates pass audio through."""

from __future__ import annotations

from typing import TYPE_CHECKING

from parley_gateway.audio.formats import is_whole

if TYPE_CHECKING:
    from parley_gateway.audio.soxr_stream import SoxrStream

LOWEST_RATE = 4_000
HIGHEST_RATE = 192_000


class Resampler:
    """One stream. The same samples in give the same samples out, however they are cut into chunks."""

    def __init__(self, in_rate: int, out_rate: int, *, rough: bool = False) -> None:
        """Rates in Hz. Raises ValueError for a rate out of range.

        `rough`: by cubic interpolation, for what only a detector of speech hears. A third of the CPU, no delay,
        and overtones that people would hear.
        """
        for rate in (in_rate, out_rate):
            if not LOWEST_RATE <= rate <= HIGHEST_RATE:
                raise ValueError(f"a sample rate of {rate} Hz is not within {LOWEST_RATE} to {HIGHEST_RATE} Hz")
        self.in_rate = in_rate
        self.out_rate = out_rate
        self._rough = rough
        self._stream = self._begin()

    def feed(self, pcm: bytes) -> bytes:
        """What can be said of the output so far. Raises ValueError when a sample is cut in two."""
        if not is_whole(pcm):
            raise ValueError("PCM must be whole 16-bit samples: an even number of bytes")
        if self._stream is None or not pcm:
            return pcm
        return self._stream.feed(pcm)

    def flush(self) -> bytes:
        """The rest of the output; the next `feed` begins a new stream."""
        if self._stream is None:
            return b""
        rest = self._stream.finish()
        self._stream = self._begin()
        return rest

    def _begin(self) -> SoxrStream | None:
        if self.in_rate == self.out_rate:
            return None
        # NumPy and soxr cost 12 MB: telephone calls with providers that speak their rate do without.
        from parley_gateway.audio.soxr_stream import SoxrStream

        return SoxrStream(self.in_rate, self.out_rate, rough=self._rough)


def prepare(in_rate: int, out_rate: int) -> None:
    """Load now what resampling between these will need, so that no call waits for it."""
    Resampler(in_rate, out_rate)
