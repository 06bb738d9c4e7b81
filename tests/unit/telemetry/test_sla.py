"""Promises: what breaks one, what breaks all, and what puts none to the test (G14)."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from parley_contract.observability import SlaConfig
from parley_gateway.metrics import Metrics
from parley_gateway.session.observer import Latency
from parley_gateway.telemetry.sla import ALL, TurnSla

PROMISED = {
    Latency.FIRST_TOKEN: 0.3,
    Latency.PARTIAL_ASR: 0.15,
    Latency.BARGE_IN: 0.05,
    Latency.SYNTHESIS: 0.5,
    Latency.FIRST_AUDIO: 1.5,
}
"""By default."""


@given(st.lists(st.tuples(st.sampled_from(Latency), st.floats(0, 3)), max_size=20), st.booleans())
def test_g14_a_promise_is_kept_by_every_span_of_a_turn_or_it_is_broken(
    spans: list[tuple[Latency, float]], failed: bool
) -> None:
    turn = TurnSla(SlaConfig())
    for kind, seconds in spans:
        turn.latency(kind, seconds)
    kept = turn.close(failed=failed)
    tested = {kind for kind, _ in spans} & set(PROMISED)
    for kind in tested:
        assert kept.pop(kind.value) is all(seconds <= PROMISED[kind] for one, seconds in spans if one is kind)
    all_kept = not failed and all(seconds <= PROMISED[kind] for kind, seconds in spans if kind in PROMISED)
    assert kept == ({ALL: all_kept} if tested or failed else {})
    assert turn.close(failed=False) == {}, "the next turn begins anew"


def test_g05_every_promise_is_an_edge_of_the_histogram() -> None:
    """So that the part of turns that keep it can be read from the buckets."""
    histogram = Metrics().latency.labels("first_token")
    edges = {float(sample.labels["le"]) for sample in histogram._samples() if sample.name == "_bucket"}
    assert set(PROMISED.values()) <= edges
