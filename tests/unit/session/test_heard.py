"""What a playout tells of what was heard: all that was, once, when it was, and nothing that was cut off (G14)."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from parley_gateway.conversation.events import PlayoutReported, Quality
from parley_gateway.session.heard import HeardAudio
from parley_gateway.session.playout import Playout
from tests.unit.session.virtual_time import VirtualTimeLoop, run
from tests.unit.session.world import OUTPUT_RATE, RAMP, ListeningClient

BYTES_PER_MS = OUTPUT_RATE * 2 // 1000


class Stage:
    """A playout whose every sample is another, and what it told."""

    def __init__(self, *, can_pause: bool, can_drop: bool = False, lead_ms: int = 400) -> None:
        self.loop = asyncio.get_running_loop()
        self.client = ListeningClient(can_pause=can_pause, can_drop=can_drop, lead_ms=lead_ms)
        self.told: list[tuple[float, bytes]] = []
        self.finished: list[PlayoutReported] = []
        self.offered = 0
        self.playout = Playout(
            1,
            link=self.client,
            loop=self.loop,
            held=False,
            on_first_audio=lambda: None,
            on_underrun=lambda _: None,
            on_finished=self.finished.append,
            heard=HeardAudio(lambda at, pcm: self.told.append((at, pcm)), rate=OUTPUT_RATE),
        )

    def offer(self, ms: int) -> None:
        self.playout.offer(RAMP[self.offered : self.offered + ms * BYTES_PER_MS])
        self.offered += ms * BYTES_PER_MS

    async def do(self, what: str, amount: int) -> None:
        """One step of a property's."""
        if what == "offer":
            self.offer(min(amount, (len(RAMP) - self.offered) // BYTES_PER_MS))
        elif what == "sleep":
            await asyncio.sleep(amount / 1000)
        elif what == "block":
            assert isinstance(self.loop, VirtualTimeLoop)
            self.loop.jump(amount / 1000)
        elif what == "report":
            self.playout.report(amount, quality=Quality.REPORTED, finished=False)
        elif what == "pause":
            self.playout.pause()
        else:
            self.playout.resume()

    def assert_in_its_time(self) -> None:
        """Nothing is heard at the same time as another thing, nor before it is told."""
        ended = 0.0
        for at, pcm in self.told:
            assert at >= ended - 0.021, "but for the frame that is heard again"
            ended = at + len(pcm) / BYTES_PER_MS / 1000
            assert ended <= self.loop.time() + 0.001

    @property
    def heard(self) -> bytes:
        return b"".join(pcm for _, pcm in self.told)

    @property
    def heard_ms(self) -> int:
        return len(self.heard) // BYTES_PER_MS


def test_a_reply_that_was_heard_to_its_end_is_told_whole_and_from_when_it_began() -> None:
    async def scene() -> None:
        stage = Stage(can_pause=True)
        await asyncio.sleep(2.0)
        stage.offer(1500)
        stage.playout.end()
        await asyncio.sleep(3.0)
        assert stage.heard == RAMP[: stage.offered]
        assert stage.told[0][0] == 2.0

    run(scene())


@pytest.mark.parametrize(("can_pause", "can_drop"), [(True, False), (False, False), (False, True)])
def test_what_a_barge_in_cuts_off_is_not_told(can_pause: bool, can_drop: bool) -> None:
    async def scene() -> None:
        stage = Stage(can_pause=can_pause, can_drop=can_drop)
        stage.offer(2400)
        await asyncio.sleep(1.0)
        stage.playout.stop()
        assert stage.heard == RAMP[: 1000 * BYTES_PER_MS]

    run(scene())


def test_what_the_client_says_it_has_played_counts() -> None:
    async def scene() -> None:
        stage = Stage(can_pause=True)
        stage.offer(2400)
        await asyncio.sleep(1.0)
        stage.playout.report(640, quality=Quality.REPORTED, finished=False)
        stage.playout.stop()
        assert stage.heard_ms == 640

    run(scene())


def test_a_pause_is_silence_where_it_was_and_not_at_the_end() -> None:
    async def scene() -> None:
        stage = Stage(can_pause=True)
        stage.offer(2000)
        stage.playout.end()
        await asyncio.sleep(1.0)
        stage.playout.pause()
        await asyncio.sleep(5.0)
        stage.playout.resume()
        await asyncio.sleep(2.0)
        assert stage.heard == RAMP[: stage.offered]
        after = sum(len(pcm) for at, pcm in stage.told if at >= 6.0)
        assert after == 1000 * BYTES_PER_MS
        assert not [at for at, _ in stage.told if 1.0 < at < 6.0]

    run(scene())


def test_a_client_that_ran_dry_heard_what_it_had_before_and_the_rest_after() -> None:
    async def scene() -> None:
        stage = Stage(can_pause=True)
        stage.offer(500)
        await asyncio.sleep(3.0)
        stage.offer(500)
        stage.playout.end()
        await asyncio.sleep(2.0)
        assert b"".join(pcm for at, pcm in stage.told if at < 0.5) == RAMP[: 500 * BYTES_PER_MS]
        assert b"".join(pcm for at, pcm in stage.told if at >= 3.0) == RAMP[500 * BYTES_PER_MS : stage.offered]

    run(scene())


def test_what_was_dropped_and_sent_again_is_told_when_it_was_heard() -> None:
    """But for a frame in whose middle the client was: it hears that again."""

    async def scene() -> None:
        stage = Stage(can_pause=False, can_drop=True, lead_ms=1000)
        stage.offer(2000)
        stage.playout.end()
        await asyncio.sleep(0.51)
        stage.playout.pause()
        await asyncio.sleep(3.0)
        stage.playout.resume()
        await asyncio.sleep(4.0)
        before = b"".join(pcm for at, pcm in stage.told if at < 1.0)
        after = b"".join(pcm for at, pcm in stage.told if at > 3.0)
        assert before == RAMP[: 510 * BYTES_PER_MS]
        assert after == RAMP[500 * BYTES_PER_MS : stage.offered]

    run(scene())


Steps = st.lists(
    st.tuples(st.sampled_from(["offer", "sleep", "pause", "resume", "block", "report"]), st.integers(1, 700)),
    max_size=40,
)


@settings(max_examples=150, deadline=None)
@given(Steps, st.sampled_from([(True, False), (False, False), (False, True)]), st.booleans())
def test_g14_everything_heard_is_told_once_in_order_and_never_before_it_could_be(
    steps: list[tuple[str, int]], kind: tuple[bool, bool], stopped: bool
) -> None:
    async def scene() -> None:
        stage = Stage(can_pause=kind[0], can_drop=kind[1])
        for what, amount in steps:
            await stage.do(what, amount)
        if stopped:
            heard_ms = stage.playout.position.ms
            stage.playout.stop()
        else:
            stage.playout.resume()
            stage.playout.end()
            await asyncio.sleep(stage.offered / BYTES_PER_MS / 1000 + 5)
            heard_ms = stage.offered // BYTES_PER_MS
        stage.assert_in_its_time()
        if not kind[1]:
            assert stage.heard == RAMP[: len(stage.heard)]
            assert stage.heard_ms >= heard_ms - 1
            if not any(what == "report" for what, _ in steps):
                assert stage.heard_ms <= heard_ms + 1

    run(scene())
