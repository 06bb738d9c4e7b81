"""Listens to a whole conversation, and holds it to what must be true of every one of them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

from parley_gateway.conversation.history import Speaker, Utterance
from parley_gateway.conversation.notices import (
    CallerSpeaks,
    Notice,
    ReplyBegan,
    ReplyContinued,
    ReplyCutShort,
    ReplyHeld,
    ReplyOver,
    ReplyStatus,
    ReplyTextAdded,
    TranscriptUpdated,
)
from parley_gateway.session.playout import REPORT_GRACE_S
from tests.unit.session.world import World, Write

SLACK_S = 0.05
"""Between the core's clock and the tick in which a provider's task gets to run."""


@dataclass
class _Heard:
    text: str = ""
    sent_ms: int = 0
    played_since: float | None = None
    held_at: float | None = None
    held_s: float = 0.0
    status: ReplyStatus | None = None
    cut: ReplyCutShort | None = None


class Audit:
    """One conversation's, from the client's side."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._loop = asyncio.get_running_loop()
        self._timings = world.timings
        self.replies: dict[int, _Heard] = {}
        self._living: int | None = None
        self._waits_since: float | None = None
        self._last_sound_at: float | None = None
        self._broken: list[str] = []
        """What did not hold: an exception here would be the session's, which takes it for a defect of the link."""
        self._notify = world.client.notify
        world.client.notify = self._told  # type: ignore[method-assign]
        world.client.on_write = self._written

    def caller_sounds(self) -> None:
        """The caller makes a sound, or says a word: the end of their turn is waited for from now on."""
        self._last_sound_at = self._loop.time()

    def played_ms(self, reply: int) -> int:
        """What a client that began at once has played of it by now; while it is held, if it cannot stand still."""
        heard = self.replies[reply]
        if heard.played_since is None:
            return 0
        stands = self._world.client.capabilities.can_pause or self._world.client.capabilities.can_drop
        until = heard.held_at if stands and heard.held_at is not None else self._loop.time()
        held_s = heard.held_s if stands else 0.0
        return min(heard.sent_ms, max(0, round((until - heard.played_since - held_s) * 1000)))

    def check_history(self) -> None:
        """At any time: of each reply no more than it said, in the order of the replies, with its quality."""
        said = sorted(self.replies)
        for item in self._world.session.history:
            if isinstance(item, Utterance) and item.speaker is Speaker.AGENT:
                assert item.quality is not None
                while said and item.text not in self.replies[said[0]].text:
                    said.pop(0)
                assert said, "nobody said so"

    def check_end(self) -> None:
        """After the session."""
        assert not self._broken, self._broken
        self.check_history()
        assert self._living is None, "a reply that never ended"
        for reply in self.replies.values():
            assert (reply.cut is not None) == (reply.status is ReplyStatus.INTERRUPTED)

    # --- what the client gets ---

    def _written(self, write: Write) -> None:
        self._check_wait()
        self._require(write.reply == self._living, "audio of a reply that does not live")
        reply = self.replies[write.reply]
        self._require(reply.held_at is None, "audio while it is held")
        reply.played_since = reply.played_since or write.at
        reply.sent_ms = write.offset_ms + write.ms
        self._wait_for_more()

    def _told(self, notice: Notice) -> None:
        self._check_wait()
        if take := self._TAKE.get(type(notice)):
            take(self, notice)
        self._notify(notice)

    def _began(self, notice: ReplyBegan) -> None:
        self._require(self._living is None, "two replies at once")
        self._living = notice.reply
        self.replies[notice.reply] = _Heard()
        self._waits_since = self._loop.time()

    def _over(self, notice: ReplyOver) -> None:
        self._require(notice.reply == self._living, "a reply ended that did not live")
        self.replies[notice.reply].status = notice.status
        self._living = self._waits_since = None

    def _text_added(self, notice: ReplyTextAdded) -> None:
        self.replies[notice.reply].text += notice.delta

    def _cut_short(self, notice: ReplyCutShort) -> None:
        reply, heard = self.replies[notice.reply], notice.heard
        reply.cut = notice
        self._require(reply.text.strip().startswith(heard.text), "no prefix of what was spoken")
        self._require(heard.ms <= self.played_ms(notice.reply) + 1000 * SLACK_S, "later than was played")
        self._require(heard.ms > 0 or not heard.text, "words without audio")

    def _held(self, notice: ReplyHeld) -> None:
        self.replies[notice.reply].held_at = self._loop.time()
        self._waits_since = None

    def _continued(self, notice: ReplyContinued) -> None:
        reply = self.replies[notice.reply]
        if reply.played_since is not None and reply.held_at is not None:
            reply.held_s += self._loop.time() - reply.held_at
        reply.held_at = None
        self._wait_for_more()

    def _caller_speaks(self, _: CallerSpeaks) -> None:
        self.caller_sounds()

    def _transcribed(self, notice: TranscriptUpdated) -> None:
        if notice.final and self._last_sound_at is not None:
            waited_s = self._loop.time() - self._last_sound_at
            self._require(waited_s <= self._timings.turn_end_s + SLACK_S, "a turn without an end")
            self._last_sound_at = None

    _TAKE: ClassVar[dict[type, Callable[[Audit, Any], None]]] = {
        ReplyBegan: _began,
        ReplyOver: _over,
        ReplyTextAdded: _text_added,
        ReplyCutShort: _cut_short,
        ReplyHeld: _held,
        ReplyContinued: _continued,
        CallerSpeaks: _caller_speaks,
        TranscriptUpdated: _transcribed,
    }

    def _wait_for_more(self) -> None:
        """From when on nothing is heard: what was written takes its time to play."""
        if self._living is not None:
            ahead_s = (self.replies[self._living].sent_ms - self.played_ms(self._living)) / 1000
            self._waits_since = self._loop.time() + ahead_s

    def _check_wait(self) -> None:
        """A living reply is heard, or over, within the bound."""
        if self._waits_since is None or self._living is None:
            return
        waited_s = self._loop.time() - self._waits_since
        bound_s = self._timings.silence_s + REPORT_GRACE_S + SLACK_S
        self._require(waited_s <= bound_s, "silence without a bound")

    def _require(self, holds: bool, what: str) -> None:
        if not holds:
            self._broken.append(f"{what}, at {self._loop.time():.3f} s")
