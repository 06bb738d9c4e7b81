"""What callers notice: silence, holes, answers that fail, tools that take long."""

from __future__ import annotations

from parley_operator.render.dashboard_panel import RATE, Panel, Query, Row, percentiles, span

ROW = Row(
    "What the caller hears",
    (
        Panel(
            title="Silence before an answer",
            description="response ends when the answer leaves us; heard when it sounds at the caller's, where the "
            "client reports that.",
            queries=(*percentiles("response", "response"), *percentiles("heard", "heard")),
            unit="s",
        ),
        span("Barge-in", "barge_in", "From the caller's first sound to the agent's silence.", promise=0.05),
        Panel(
            title="Holes",
            description="Seconds per minute: silence within answers, and callers' audio that was left out.",
            queries=(
                Query(f"sum(rate(voice_underrun_seconds_total{{$AT}}{RATE})) * 60", "silence within answers"),
                Query(f"sum(rate(voice_input_dropped_seconds_total{{$AT}}{RATE})) * 60", "audio left out"),
            ),
            unit="s",
        ),
        Panel(
            title="Answers, by how they end",
            description="Per minute.",
            queries=(Query(f"sum by (status) (rate(voice_replies_total{{$AT}}{RATE})) * 60", "{{status}}"),),
        ),
        Panel(
            title="Tools",
            description="How long calls of tools take, p95.",
            queries=(
                Query(
                    f"histogram_quantile(0.95, sum by (le, tool) (rate(voice_tool_seconds_bucket{{$AT}}{RATE})))",
                    "{{tool}}",
                ),
            ),
            unit="s",
        ),
        Panel(
            title="Length of sessions",
            description="Of those that ended.",
            queries=tuple(
                Query(
                    f"histogram_quantile({rank}, "
                    f"sum by (le) (rate(voice_session_duration_seconds_bucket{{$AT}}{RATE})))",
                    name,
                )
                for rank, name in (("0.5", "p50"), ("0.95", "p95"))
            ),
            unit="s",
        ),
    ),
)
