"""Which audio is an utterance and when it is over: no clock but the audio, no I/O.

A whole sentence of the vocabulary ends after a short silence, the beginning of one after a longer: who says
"go forward" may be thinking about how far.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from parley_gateway.audio.formats import bytes_to_ms, ms_to_bytes
from parley_gateway.audio.vad import EnergyVad
from parley_gateway.conversation.events import SpeechStarted, SpeechStopped

ONSET_LAG_MS = 100
"""More than the voice activity takes to say that speech has begun."""


@dataclass(frozen=True, slots=True)
class EndpointTuning:
    """Milliseconds of the caller's audio."""

    complete_silence: int = 500
    """Ends an utterance that is a whole sentence."""
    incomplete_silence: int = 900
    """Ends any other."""
    context: int = 200
    """Kept before and after speech: the soft beginning of a word lies before what the level shows."""
    interim_every: int = 400
    """More speech before it is worth to look again what it says so far; and at least half as much again.

    Each look costs what the whole utterance costs so far: at growing intervals all of them together cost no more
    than about two of the last.
    """
    longest: int = 12_000
    """Speech without a pause is cut there: the vocabulary has no sentence as long."""


@dataclass(frozen=True, slots=True)
class Listen:
    """Recognise this. `final`: the utterance ends with it, unless it goes on after all."""

    utterance: int
    pcm: bytes = field(repr=False)
    begins_ms: int
    final: bool


@dataclass(frozen=True, slots=True)
class Finish:
    """The utterance is over; the last `Listen` of it holds all its audio. `asked`: somebody wanted it now."""

    utterance: int
    spoken_ms: int
    asked: bool = False


Step = SpeechStarted | SpeechStopped | Listen | Finish


@dataclass(slots=True)
class _Utterance:
    """One that is open. Times are ms of the caller's audio."""

    number: int
    begins: int
    """Context included."""
    looked_at: int
    """Up to where it was last recognised."""
    quiet_since: int | None = None
    complete: bool = False


class Endpointer:
    """One session's audio, s16le mono at `rate` Hz."""

    def __init__(self, rate: int, tuning: EndpointTuning | None = None) -> None:
        self._rate = rate
        self._tuning = tuning or EndpointTuning()
        self._vad = EnergyVad(rate)
        self._audio = bytearray()
        self._audio_from = 0
        """Position in bytes of the first byte kept."""
        self._count = 0
        self._open: _Utterance | None = None

    @property
    def open(self) -> bool:
        """Whether an utterance has begun and not ended."""
        return self._open is not None

    def feed(self, pcm: bytes) -> list[Step]:
        """What follows from more audio."""
        self._audio += pcm
        steps: list[Step] = []
        for event in self._vad.feed(pcm):
            steps += self._started(event) if isinstance(event, SpeechStarted) else self._quiet(event)
        steps += self._due()
        self._forget()
        return steps

    def judged(self, utterance: int, *, complete: bool) -> None:
        """What the final `Listen` of an utterance was: a whole sentence, or not."""
        if self._open is not None and self._open.number == utterance and self._open.quiet_since is not None:
            self._open.complete = complete

    def finish(self, *, asked: bool) -> list[Step]:
        """End now what is open, because no more audio comes or somebody asks."""
        steps: list[Step] = []
        for event in self._vad.stop():
            steps += self._quiet(event)
        if self._open is not None:
            steps += self._close(self._open, self._vad.position_ms, asked=asked)
        elif asked:
            self._count += 1
            steps.append(Finish(self._count, spoken_ms=0, asked=True))
        return steps

    def _started(self, event: SpeechStarted) -> list[Step]:
        steps: list[Step] = []
        if self._open is not None and self._is_over(self._open, event.audio_ms):
            steps += self._close(self._open, event.audio_ms)
        if self._open is None:
            self._begin(event.audio_ms - self._tuning.context)
        else:
            self._open.quiet_since = None
        return [*steps, event]

    def _begin(self, begins: int) -> None:
        begins = max(begins, bytes_to_ms(self._audio_from, self._rate))
        self._count += 1
        self._open = _Utterance(self._count, begins, looked_at=begins)

    def _quiet(self, event: SpeechStopped) -> list[Step]:
        if self._open is None:
            return [event]
        self._open.quiet_since, self._open.complete = event.audio_ms, False
        return [event, self._listen(self._open, event.audio_ms + self._tuning.context, final=True)]

    def _due(self) -> list[Step]:
        utterance, now = self._open, self._vad.position_ms
        if utterance is None:
            return []
        if utterance.quiet_since is not None:
            return self._close(utterance, now) if self._is_over(utterance, now) else []
        if now - utterance.begins >= self._tuning.longest:
            steps = [self._listen(utterance, now, final=True), *self._close(utterance, now)]
            self._begin(now)
            return steps
        seen = utterance.looked_at - utterance.begins
        if now - utterance.looked_at >= max(self._tuning.interim_every, seen // 2):
            utterance.looked_at = now
            return [self._listen(utterance, now, final=False)]
        return []

    def _is_over(self, utterance: _Utterance, now: int) -> bool:
        if utterance.quiet_since is None:
            return False
        tuning = self._tuning
        needed = tuning.complete_silence if utterance.complete else tuning.incomplete_silence
        return now - utterance.quiet_since >= needed

    def _close(self, utterance: _Utterance, now: int, *, asked: bool = False) -> list[Step]:
        self._open = None
        ends = now if utterance.quiet_since is None else utterance.quiet_since
        return [Finish(utterance.number, spoken_ms=ends - utterance.begins, asked=asked)]

    def _listen(self, utterance: _Utterance, until_ms: int, *, final: bool) -> Listen:
        first = ms_to_bytes(utterance.begins, self._rate) - self._audio_from
        last = ms_to_bytes(until_ms, self._rate) - self._audio_from
        return Listen(utterance.number, bytes(self._audio[max(first, 0) : last]), utterance.begins, final)

    def _forget(self) -> None:
        """Keep the open utterance, or what may turn out to be the beginning of one."""
        if self._open is None:
            keep = ms_to_bytes(self._tuning.context + ONSET_LAG_MS, self._rate)
            surplus = len(self._audio) - keep
        else:
            surplus = ms_to_bytes(self._open.begins, self._rate) - self._audio_from
        if surplus > 0:
            del self._audio[:surplus]
            self._audio_from += surplus
