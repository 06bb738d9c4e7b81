"""Plays one reply to the client: paced, so that little of it is ever beyond recall, and no faster than it plays.

The client is taken to play from the moment its first audio is written. Audio goes out when the client's clock
has room for it within the link's lead; a late wake-up is caught up with, since each is reckoned from that first
moment and not from the last one. Only when the client must have run dry does its clock start anew.

A pause is reversible. A client that can hold what it has buffered does so; one that can drop it is made to, and
is sent it again; another plays the little that it has.

There is no task here: the loop calls back when the next chunk is due, and each method returns at once.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from parley_gateway.audio.formats import SAMPLE_BYTES
from parley_gateway.conversation.events import PlayoutReported, Quality
from parley_gateway.ports import ClientLink
from parley_gateway.session.heard import HeardAudio

FRAME_S = 0.02
"""Chunks are multiples of this, but for a reply's last one."""
CHUNK_S = 0.1
"""Of a chunk, once the first has gone: fewer, larger writes cost less, and the lead hides them."""
AHEAD_S = 5.0
"""Audio kept for later; with more than this its source is made to wait."""
REPORT_FRESH_S = 1.0
"""After so long without a report, what the client played is an estimate again."""
REPORT_GRACE_S = 2.0
"""How much later than we reckon a client may say that it still plays."""

_KEPT_S = 1.0
"""Of what was sent, beyond the lead: a client that says what it has played may be so far behind our reckoning."""
_TOLERANCE_S = 0.001


class Playout:
    """One reply's audio on its way to the client. One that was stopped takes nothing more."""

    def __init__(
        self,
        reply: int,
        *,
        link: ClientLink,
        loop: asyncio.AbstractEventLoop,
        held: bool,
        on_first_audio: Callable[[], None],
        on_underrun: Callable[[int], None],
        on_finished: Callable[[PlayoutReported], None],
        heard: HeardAudio | None = None,
    ) -> None:
        """`held`: nothing is written before `start`. `heard`: is told what the client has played, if anyone is."""
        capabilities = link.capabilities
        self.reply = reply
        self._link = link
        self._loop = loop
        self._on_first_audio = on_first_audio
        self._on_underrun = on_underrun
        self._on_finished = on_finished
        self._heard = heard
        self._bytes_per_s = capabilities.output_rate * SAMPLE_BYTES
        self._frame = int(capabilities.output_rate * FRAME_S) * SAMPLE_BYTES
        self._lead_s = max(capabilities.lead_ms / 1000, FRAME_S)
        self._chunk = self._frames_in(max(FRAME_S, min(CHUNK_S, self._lead_s / 2)))
        self._client_pauses = capabilities.can_pause
        self._client_drops = capabilities.can_drop and not capabilities.can_pause
        self._kept_bytes = self._frames_in(self._lead_s + _KEPT_S)
        self._kept = bytearray()
        """The end of what was sent, where the client may be made to drop it."""
        self._unsent = bytearray()
        self._sent = 0
        self._origin = 0.0
        """When the client began to play, moved on by all the time that it did not."""
        self._held = held
        self._paused_at: float | None = None
        self._ended = False
        self._told_all_sent = False
        self._rests_at = -1
        self._begun = False
        self._over = False
        self._report: tuple[float, float, Quality] | None = None
        self._due: asyncio.TimerHandle | None = None
        self._room = asyncio.Event()

    # --- from the voice ---

    def offer(self, pcm: bytes) -> None:
        """More audio, at the link's rate."""
        if self._over or not pcm:
            return
        self._unsent += pcm
        if self._due is None:
            self._pump()

    def end(self) -> None:
        """No more audio follows. `on_finished` comes when the client has played it all, never from within here."""
        if self._over or self._ended:
            return
        self._ended = True
        self._wake_at(self._loop.time(), self._pump)

    def rest(self) -> None:
        """What follows takes a while by intention: a client that runs out of audio here misses nothing."""
        self._rests_at = self._sent + len(self._unsent)

    async def room(self) -> None:
        """Wait until there is less audio ahead than it takes to be safe."""
        if len(self._unsent) <= AHEAD_S * self._bytes_per_s or self._over:
            return
        self._room.clear()
        await self._room.wait()

    # --- from the core ---

    def start(self) -> None:
        """A draft has become the reply: play it."""
        self._held = False
        self._pump()

    def pause(self) -> None:
        """Write nothing for now; what is not written stays here, what is written stays with the client."""
        if self._paused_at is not None or self._over:
            return
        self._settle()
        if self._client_drops and self._sent:
            self._take_back()
        self._paused_at = self._loop.time()
        self._sleep()

    def resume(self) -> None:
        """Go on. A client that can pause goes on where it stopped; another has nothing left to play."""
        if self._paused_at is None or self._over:
            return
        now, paused_at = self._loop.time(), self._paused_at
        self._settle()
        self._paused_at = None
        self._origin += now - paused_at if self._client_pauses else self._dry_for(now)
        self._pump()

    def stop(self) -> None:
        """Silence: what is not written is dropped, and the client drops what it has."""
        if self._over:
            return
        self._settle()
        self._over = True
        self._freeze()
        self._sleep()
        self._unsent.clear()
        self._room.set()
        if self._sent:
            self._link.clear(self.reply)

    # --- what was heard ---

    def report(self, ms: int, *, quality: Quality, finished: bool) -> None:
        """The client says what it has played; believed as far as it can be true."""
        self._report = (min(ms / 1000, self._sent_s), self._loop.time(), quality)
        if finished and not self._over and self._all_sent and self._report[0] >= self._sent_s - FRAME_S:
            self._finish()

    @property
    def position(self) -> PlayoutReported:
        """What the client has played by now, and how well that is known."""
        now = self._clock()
        played = self._played_s(now)
        quality = Quality.ESTIMATED
        if self._report is not None:
            reported, at, known = self._report
            played = min(played, reported + max(0.0, now - at))
            quality = known if now - at <= REPORT_FRESH_S else quality
        silent_s = self._dry_for(now)
        if played < self._sent_s - _TOLERANCE_S:
            # A client that says it is behind may still play; one that is further behind than that has stopped.
            silent_s = max(0.0, silent_s - REPORT_GRACE_S)
        return PlayoutReported(self.reply, _whole_ms(played), quality, ago_ms=_whole_ms(silent_s))

    @property
    def sent_ms(self) -> int:
        """Audio written so far: the client cannot have played more."""
        return _whole_ms(self._sent_s)

    @property
    def playing(self) -> bool:
        """Whether the client hears it, as far as we know."""
        return bool(self._sent) and not self._over and self._paused_at is None

    @property
    def _sent_s(self) -> float:
        return self._sent / self._bytes_per_s

    @property
    def _all_sent(self) -> bool:
        return self._ended and not self._unsent

    def _clock(self) -> float:
        """Now; or, for a client that holds its audio, when it began to."""
        if self._paused_at is not None and (self._client_pauses or self._over):
            return self._paused_at
        return self._loop.time()

    def _played_s(self, now: float) -> float:
        return min(self._sent_s, max(0.0, now - self._origin)) if self._sent else 0.0

    def _dry_for(self, now: float) -> float:
        """For how long the client has had nothing to play."""
        return max(0.0, now - self._origin - self._sent_s) if self._sent else 0.0

    def _freeze(self) -> None:
        """From the end on the position stays what it was."""
        if self._paused_at is None or not self._client_pauses:
            self._paused_at = self._loop.time()

    # --- pacing ---

    def _pump(self) -> None:
        """Write what is due, and see to it that the rest will be."""
        self._sleep()
        if self._over or self._held or self._paused_at is not None:
            return
        now = self._loop.time()
        self._reckon_underrun(now)
        while size := self._due_bytes(now):
            self._write(size)
        if len(self._unsent) <= AHEAD_S * self._bytes_per_s / 2:
            self._room.set()
        self._plan(now)

    def _reckon_underrun(self, now: float) -> None:
        if not self._sent:
            self._origin = now
        elif self._unsent and (dry := self._dry_for(now)) > 0:
            self._settle_all()
            self._origin += dry
            if dry >= FRAME_S and self._sent != self._rests_at:
                self._on_underrun(_whole_ms(dry))

    def _due_bytes(self, now: float) -> int:
        """How much may be written now: at most a chunk, in whole frames unless it is the rest."""
        if self._over:
            return 0
        room = self._frames_in(now - self._origin + self._lead_s - self._sent_s + _TOLERANCE_S)
        size = min(room, self._chunk, len(self._unsent))
        return size if self._ended and size == len(self._unsent) else size - size % self._frame

    def _write(self, size: int) -> None:
        pcm = bytes(self._unsent[:size])
        del self._unsent[:size]
        offset_ms, first, self._begun = self.sent_ms, not self._begun, True
        self._sent += size
        if self._client_drops:
            self._kept += pcm
            del self._kept[: -self._kept_bytes]
        self._link.write(self.reply, offset_ms, pcm)
        if self._heard is not None:
            self._heard.sent(pcm)
            self._settle(but_s=_KEPT_S)
        if first:
            self._on_first_audio()

    def _plan(self, now: float) -> None:
        """Wake when a whole chunk may go, or when the client has played the last one."""
        played_at = self._origin + self._sent_s
        if self._over:
            return
        if self._all_sent:
            self._tell_all_sent()
            self._wake_at(played_at if self._sent else now, self._finish_when_played)
        elif self._ended or len(self._unsent) >= self._frame:
            step = max(self._frame, min(self._chunk, len(self._unsent))) / self._bytes_per_s
            self._wake_at(played_at - self._lead_s + step, self._pump)

    def _tell_all_sent(self) -> None:
        if not self._told_all_sent and self._sent:
            self._told_all_sent = True
            self._link.finish(self.reply)

    def _take_back(self) -> None:
        """Have the client drop what it has not played: it is to be sent again."""
        unplayed = self._sent - int(self.position.ms / 1000 / FRAME_S) * self._frame
        unplayed = min(unplayed, len(self._kept))
        if unplayed <= 0:
            return
        self._unsent[:0] = self._kept[-unplayed:]
        self._sent -= unplayed
        if self._heard is not None:
            self._heard.taken_back(unplayed)
        self._kept.clear()
        self._told_all_sent = False
        self._link.drop(self.reply)

    def _finish_when_played(self) -> None:
        """Reckoned to be over; but a client that says it is behind is waited for."""
        now = self._loop.time()
        left = self._sent_s - self.position.ms / 1000
        latest = self._origin + self._sent_s + REPORT_GRACE_S
        if left > FRAME_S and now < latest:
            self._wake_at(min(now + left, latest), self._finish_when_played)
        else:
            self._finish()

    def _finish(self) -> None:
        self._settle_all()
        self._over = True
        self._freeze()
        self._sleep()
        self._on_finished(PlayoutReported(self.reply, self.sent_ms, self.position.quality, finished=True))

    def _settle(self, *, but_s: float = 0.0) -> None:
        """Tell what was heard; but for the last of it where the client may yet say that it was not."""
        if self._heard is not None:
            heard = int((self.position.ms / 1000 - but_s) * self._bytes_per_s)
            self._heard.settle(heard - heard % SAMPLE_BYTES, began_at=self._origin)

    def _settle_all(self) -> None:
        if self._heard is not None:
            self._heard.settle(self._sent, began_at=self._origin)

    def _wake_at(self, when: float, callback: Callable[[], None]) -> None:
        self._sleep()
        self._due = self._loop.call_at(when, callback)

    def _sleep(self) -> None:
        if self._due is not None:
            self._due.cancel()
            self._due = None

    def _frames_in(self, seconds: float) -> int:
        return max(0, int(seconds / FRAME_S)) * self._frame


def _whole_ms(seconds: float) -> int:
    """Milliseconds that are over; a microsecond is forgiven, since sums of floats fall short by less."""
    return int(seconds * 1000 + 0.001)
