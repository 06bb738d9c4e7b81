"""Pacing one reply's audio to the client."""

from __future__ import annotations

import asyncio

from hypothesis import given, settings
from hypothesis import strategies as st

from parley_gateway.conversation.events import PlayoutReported, Quality
from parley_gateway.session.playout import AHEAD_S, Playout
from tests.unit.session.virtual_time import VirtualTimeLoop, run
from tests.unit.session.world import OUTPUT_RATE, ListeningClient

BYTES_PER_MS = OUTPUT_RATE * 2 // 1000


def pcm(ms: int) -> bytes:
    return bytes(ms * BYTES_PER_MS)


class Stage:
    """A playout, its client, and what it told of itself."""

    def __init__(self, *, held: bool = False, can_pause: bool = True, lead_ms: int = 300) -> None:
        self.loop = asyncio.get_running_loop()
        self.client = ListeningClient(can_pause=can_pause, lead_ms=lead_ms)
        self.underruns: list[int] = []
        self.firsts = 0
        self.finished: list[PlayoutReported] = []
        self.playout = Playout(
            1,
            link=self.client,
            loop=self.loop,
            held=held,
            on_first_audio=self._first,
            on_underrun=self.underruns.append,
            on_finished=self.finished.append,
        )

    def _first(self) -> None:
        self.firsts += 1

    def block(self, seconds: float) -> None:
        """The loop is busy with something else."""
        assert isinstance(self.loop, VirtualTimeLoop)
        self.loop.jump(seconds)


def test_the_first_chunk_goes_at_once_and_the_rest_within_the_lead() -> None:
    async def scene() -> None:
        stage = Stage()
        stage.playout.offer(pcm(2000))
        assert stage.client.sent_ms(1) == 300
        await asyncio.sleep(1.0)
        assert 1200 <= stage.client.sent_ms(1) <= 1300
        assert all(write.ms == 100 for write in stage.client.writes)
        assert [write.offset_ms for write in stage.client.writes] == [
            n * 100 for n in range(len(stage.client.writes))
        ]
        assert stage.firsts == 1

    run(scene())


def test_a_small_first_piece_does_not_wait_for_more() -> None:
    async def scene() -> None:
        stage = Stage()
        stage.playout.offer(pcm(45))
        assert stage.client.sent_ms(1) == 40
        stage.playout.end()
        await asyncio.sleep(0.01)
        assert stage.client.sent_ms(1) == 45

    run(scene())


def test_it_is_over_when_the_client_has_played_it_and_not_before() -> None:
    async def scene() -> None:
        stage = Stage()
        stage.playout.offer(pcm(1000))
        stage.playout.end()
        await asyncio.sleep(0.98)
        assert stage.finished == []
        await asyncio.sleep(0.03)
        assert stage.finished == [PlayoutReported(1, 1000, Quality.ESTIMATED, finished=True)]

    run(scene())


def test_a_reply_without_audio_is_over_at_once_but_not_from_within_end() -> None:
    async def scene() -> None:
        stage = Stage()
        stage.playout.end()
        assert stage.finished == []
        await asyncio.sleep(0.001)
        assert [report.ms for report in stage.finished] == [0]

    run(scene())


def test_a_loop_that_was_late_catches_up_without_the_client_noticing() -> None:
    async def scene() -> None:
        stage = Stage()
        stage.playout.offer(pcm(2000))
        await asyncio.sleep(0.5)
        stage.block(0.25)
        await asyncio.sleep(0.001)
        assert stage.client.sent_ms(1) >= 1000
        assert stage.underruns == []

    run(scene())


def test_a_client_that_ran_dry_plays_on_from_when_audio_came_again() -> None:
    async def scene() -> None:
        stage = Stage()
        stage.playout.offer(pcm(200))
        await asyncio.sleep(1.2)
        assert stage.playout.position.ms == 200
        stage.playout.offer(pcm(500))
        assert stage.underruns == [1000]
        await asyncio.sleep(0.1)
        assert stage.playout.position.ms == 300

    run(scene())


def test_its_source_is_made_to_wait_while_there_is_enough_ahead() -> None:
    async def scene() -> None:
        stage = Stage()
        stage.playout.offer(pcm(int(AHEAD_S * 1000) + 1000))
        waiting = asyncio.create_task(stage.playout.room())
        await asyncio.sleep(1.0)
        assert not waiting.done()
        await asyncio.sleep(3.0)
        assert waiting.done()

    run(scene())


def test_a_draft_is_kept_until_it_is_the_reply() -> None:
    async def scene() -> None:
        stage = Stage(held=True)
        stage.playout.offer(pcm(500))
        stage.playout.end()
        await asyncio.sleep(5.0)
        assert stage.client.writes == []
        assert stage.finished == []
        stage.playout.start()
        assert stage.client.sent_ms(1) == 300

    run(scene())


def test_a_client_that_can_pause_stands_still_and_goes_on_where_it_was() -> None:
    async def scene() -> None:
        stage = Stage()
        stage.playout.offer(pcm(3000))
        stage.playout.end()
        await asyncio.sleep(1.0)
        stage.playout.pause()
        sent = stage.client.sent_ms(1)
        await asyncio.sleep(10.0)
        assert stage.client.sent_ms(1) == sent
        assert stage.playout.position.ms == 1000
        stage.playout.resume()
        await asyncio.sleep(0.5)
        assert stage.playout.position.ms == 1500
        await asyncio.sleep(1.6)
        assert [report.ms for report in stage.finished] == [3000]
        assert stage.underruns == []

    run(scene())


def test_a_client_that_cannot_pause_plays_what_it_has_and_then_waits() -> None:
    async def scene() -> None:
        stage = Stage(can_pause=False)
        stage.playout.offer(pcm(3000))
        await asyncio.sleep(1.0)
        stage.playout.pause()
        sent = stage.client.sent_ms(1)
        await asyncio.sleep(10.0)
        assert stage.playout.position.ms == sent
        stage.playout.resume()
        await asyncio.sleep(0.5)
        assert stage.playout.position.ms == sent + 500
        assert stage.underruns == []

    run(scene())


def test_what_is_stopped_is_silent_for_good_and_stays_where_it_was() -> None:
    async def scene() -> None:
        stage = Stage()
        stage.playout.offer(pcm(3000))
        await asyncio.sleep(1.0)
        stage.playout.stop()
        assert stage.client.cleared == [(1.0, 1)]
        stage.playout.offer(pcm(1000))
        stage.playout.resume()
        stage.playout.end()
        await asyncio.sleep(5.0)
        assert stage.playout.position.ms == 1000
        assert stage.finished == []
        stage.playout.stop()
        assert len(stage.client.cleared) == 1

    run(scene())


def test_what_the_client_reports_is_believed_before_what_we_reckon() -> None:
    async def scene() -> None:
        stage = Stage()
        stage.playout.offer(pcm(3000))
        await asyncio.sleep(1.0)
        stage.playout.report(800, quality=Quality.REPORTED, finished=False)
        assert stage.playout.position == PlayoutReported(1, 800, Quality.REPORTED)
        await asyncio.sleep(0.5)
        assert stage.playout.position == PlayoutReported(1, 1300, Quality.REPORTED)
        await asyncio.sleep(1.0)
        assert stage.playout.position.quality is Quality.ESTIMATED

    run(scene())


def test_a_client_cannot_have_played_what_it_was_not_sent() -> None:
    async def scene() -> None:
        stage = Stage()
        stage.playout.offer(pcm(3000))
        await asyncio.sleep(0.1)
        stage.playout.report(60_000, quality=Quality.REPORTED, finished=True)
        assert stage.playout.position.ms <= 100
        assert stage.finished == []

    run(scene())


def test_a_client_that_says_it_is_behind_is_waited_for_but_not_for_ever() -> None:
    async def scene() -> None:
        stage = Stage()
        stage.playout.offer(pcm(1000))
        stage.playout.end()
        await asyncio.sleep(0.9)
        stage.playout.report(500, quality=Quality.REPORTED, finished=False)
        await asyncio.sleep(0.3)
        assert stage.finished == []
        stage.playout.report(1000, quality=Quality.REPORTED, finished=True)
        assert [report.quality for report in stage.finished] == [Quality.REPORTED]
        other = Stage()
        other.playout.offer(pcm(1000))
        other.playout.end()
        for _ in range(40):
            other.playout.report(100, quality=Quality.REPORTED, finished=False)
            await asyncio.sleep(0.1)
        assert len(other.finished) == 1

    run(scene())


Steps = st.lists(
    st.tuples(
        st.sampled_from(["offer", "sleep", "pause", "resume", "block", "report"]),
        st.integers(1, 700),
    ),
    max_size=40,
)


@settings(max_examples=150, deadline=None)
@given(Steps, st.booleans(), st.sampled_from([20, 60, 300, 1000]))
def test_never_ahead_of_the_lead_never_lost_never_doubled(
    steps: list[tuple[str, int]], can_pause: bool, lead_ms: int
) -> None:
    async def scene() -> None:
        stage = Stage(can_pause=can_pause, lead_ms=lead_ms)
        offered, started, held_s, paused_at, position = b"", None, 0.0, None, 0
        for what, amount in steps:
            if what == "offer":
                offered += bytes([len(offered) % 251]) * (amount * BYTES_PER_MS)
                stage.playout.offer(offered[-amount * BYTES_PER_MS :])
            elif what == "sleep":
                await asyncio.sleep(amount / 1000)
            elif what == "block":
                stage.block(amount / 1000)
            elif what == "report":
                stage.playout.report(amount, quality=Quality.REPORTED, finished=False)
            elif what == "pause":
                stage.playout.pause()
                paused_at = stage.loop.time() if paused_at is None else paused_at
            elif paused_at is not None:
                stage.playout.resume()
                held_s, paused_at = held_s + stage.loop.time() - paused_at, None
            started = stage.client.writes[0].at if stage.client.writes else None
            assert offered.startswith(stage.client.pcm(1))
            if started is not None:
                elapsed_ms = (stage.loop.time() - started) * 1000
                assert stage.client.sent_ms(1) <= elapsed_ms + lead_ms + 1
                assert stage.playout.position.ms <= min(stage.client.sent_ms(1), elapsed_ms + 1)
            assert what == "report" or stage.playout.position.ms >= position
            position = stage.playout.position.ms
        stage.playout.resume()
        stage.playout.end()
        await asyncio.sleep(len(offered) / BYTES_PER_MS / 1000 + 5)
        assert stage.client.pcm(1) == offered
        assert [report.ms for report in stage.finished] == [len(offered) // BYTES_PER_MS]

    run(scene())
