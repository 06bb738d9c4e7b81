"""What a few seconds of 16 kHz speech say, judged against the vocabulary. Needs pocketsphinx."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, field
from typing import Any

import pocketsphinx

from parley_gateway.providers.embedded.vocabulary import DICTIONARY, GRAMMAR

SAMPLE_RATE = 16_000
"""Hz that the acoustic model was trained with."""

_FRAME_MS = 10
"""Of the acoustic model."""

MEAN_SCORE = -3.3
WORST_SCORE = -5.5
"""Log likelihood per frame, of the sentence and of its worst word, below the best that the model could hear there.

Chosen by looking at recordings of people, those of the tests among them: most sentences of the vocabulary -1.1 to
-3.0, read prose -4 to -5.4. A short prompt of another kind can pass: "calling" by telephone was "nine" at -2.6.
"""


_MOST_STATES = 1_000
"""Of the grammar that are kept alive in each frame; pocketsphinx would keep 30,000."""

_NO_LIKELIHOOD = 1e-300
"""A word's likelihood below it has no logarithm to be trusted."""


@dataclass(frozen=True, slots=True)
class HeardWord:
    """A word, and where it is in the audio."""

    text: str
    start_ms: int
    end_ms: int


@dataclass(frozen=True, slots=True)
class Heard:
    """What was recognised. `certain`: it sounds like it, rather than being merely the nearest thing."""

    words: tuple[HeardWord, ...] = field(repr=False)
    certain: bool
    complete: bool
    """A whole sentence of the vocabulary, not the beginning of one."""

    def as_dict(self) -> dict[str, Any]:
        """For the pipe."""
        return asdict(self)


class Recogniser:
    """One model. The same audio gives the same words: nothing is remembered of the audio before."""

    def __init__(self) -> None:
        """Raises RuntimeError when the model cannot be loaded."""
        self._decoder = pocketsphinx.Decoder(
            hmm=pocketsphinx.get_model_path("en-us/en-us"),
            lm=None,
            dict=str(DICTIONARY),
            jsgf=str(GRAMMAR),
            samprate=SAMPLE_RATE,
            # A sixth faster, and no other words on any of our recordings.
            maxhmmpf=_MOST_STATES,
            # Anything more would write what people say to the standard error.
            loglevel="FATAL",
        )
        self._grammar = self._decoder.get_fsg()

    def recognise(self, pcm: bytes) -> Heard:
        """The sentence of the vocabulary that `pcm`, s16le mono, is nearest to; no words where none is near."""
        self._decoder.start_utt()
        self._decoder.process_raw(pcm, full_utt=True)
        self._decoder.end_utt()
        if self._decoder.hyp() is None:
            return Heard(words=(), certain=False, complete=False)
        spoken = [segment for segment in self._decoder.seg() if segment.word[0] not in "<[("]
        text = " ".join(_spelling(segment) for segment in spoken)
        return Heard(
            words=tuple(_word(segment) for segment in spoken),
            certain=_is_certain(spoken),
            complete=bool(spoken) and bool(self._grammar.accept(text)),
        )


def _spelling(segment: Any) -> str:
    """Without the number of the pronunciation: `the(2)` is `the`."""
    return str(segment.word).partition("(")[0]


def _word(segment: Any) -> HeardWord:
    return HeardWord(_spelling(segment), segment.start_frame * _FRAME_MS, (segment.end_frame + 1) * _FRAME_MS)


def _is_certain(spoken: list[Any]) -> bool:
    if not spoken or any(segment.ascore < _NO_LIKELIHOOD for segment in spoken):
        return False
    lengths: list[int] = [segment.end_frame - segment.start_frame + 1 for segment in spoken]
    scores = [math.log(segment.ascore) for segment in spoken]
    worst = min(score / length for score, length in zip(scores, lengths, strict=True))
    return worst >= WORST_SCORE and sum(scores) >= MEAN_SCORE * sum(lengths)
