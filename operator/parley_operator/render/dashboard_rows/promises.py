"""Whether the promises of observability.sla are kept, and which are not."""

from __future__ import annotations

from parley_operator.render.dashboard_panel import RATE, Panel, Query, Row

KEPT = (
    f'sum(rate(voice_sla_turns_total{{$AT,promise="all",kept="true"}}{RATE})) / '
    f'sum(rate(voice_sla_turns_total{{$AT,promise="all"}}{RATE}))'
)

ROW = Row(
    "Promises",
    (
        Panel(
            title="Turns that kept all promises",
            description="Below 95 % somebody is called.",
            queries=(Query(KEPT, "kept"),),
            unit="percentunit",
            width=12,
            thresholds=((0.95, "red"),),
            low_is_bad=True,
        ),
        Panel(
            title="Promises broken",
            description="Part of the turns that put each promise to the test.",
            queries=(
                Query(
                    f'sum by (promise) (rate(voice_sla_turns_total{{$AT,kept="false",promise!="all"}}{RATE})) / '
                    f'sum by (promise) (rate(voice_sla_turns_total{{$AT,promise!="all"}}{RATE}))',
                    "{{promise}}",
                ),
            ),
            unit="percentunit",
            width=12,
        ),
    ),
)
