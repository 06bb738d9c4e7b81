"""What a person looks at first: six figures."""

from __future__ import annotations

from parley_operator.render.dashboard_panel import RATE, Row, stat
from parley_operator.render.dashboard_rows.promises import KEPT

RESPONSE = f'rate(voice_latency_seconds_bucket{{$AT,type="response"}}{RATE})'
FAILED = f'rate(voice_replies_total{{$AT,status="failed"}}{RATE})'

ROW = Row(
    "At a glance",
    (
        stat("Sessions now", "sum(voice_sessions_active{$AT})", "short", "Calls that talk at this moment."),
        stat(
            "Room used",
            "avg(voice_worker_utilization{$AT})",
            "percentunit",
            "Of the sessions that all pods may hold.",
            (0.7, "yellow"),
            (0.85, "red"),
        ),
        stat(
            "Promises kept",
            KEPT,
            "percentunit",
            "Turns that kept everything in observability.sla.",
            (0.95, "yellow"),
            (0.99, "red"),
            low_is_bad=True,
        ),
        stat(
            "Answer heard after, p95",
            f"histogram_quantile(0.95, sum by (le) ({RESPONSE}))",
            "s",
            "From the caller's last sound to the first sound of the answer.",
            (1.5, "yellow"),
            (2.5, "red"),
        ),
        stat(
            "Answers that fail",
            f"sum({FAILED}) / sum(rate(voice_replies_total{{$AT}}{RATE}))",
            "percentunit",
            "Callers hear an apology instead.",
            (0.02, "yellow"),
            (0.1, "red"),
        ),
        stat(
            "Spent in 24 h",
            "sum(increase(voice_cost_dollars_total{$AT}[24h]))",
            "currencyUSD",
            "What providers will bill, by the price list.",
        ),
    ),
)
