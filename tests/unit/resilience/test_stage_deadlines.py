"""Each stage has its own deadlines, and those that it does not say are everybody's."""

from __future__ import annotations

from parley_contract.pipeline import DeadlinesConfig, StageDeadlines
from parley_gateway.session.config import SessionConfig


def test_g10_what_a_stage_says_counts_for_it_alone() -> None:
    deadlines = DeadlinesConfig(connect=2, llm=StageDeadlines(first_byte=3, between_bytes=1))
    assert [deadlines.of(stage).first_byte for stage in ("stt", "llm", "tts")] == [10, 3, 10]
    llm = deadlines.of("llm")
    assert (llm.connect, llm.to_begin, llm.between_bytes) == (2, 5, 1)


def test_g10_a_reply_may_take_what_its_stages_may_one_provider_after_the_other() -> None:
    deadlines = DeadlinesConfig(
        connect=1, llm=StageDeadlines(first_byte=2), tts=StageDeadlines(first_byte=3, between_bytes=6)
    )
    config = SessionConfig(deadlines=deadlines, models=2, voices=3)
    assert config.timings.reply_stall_s == 2 * 3 + 3 * 4 + 6
