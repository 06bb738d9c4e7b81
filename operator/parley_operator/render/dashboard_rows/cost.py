"""What sessions cost, and how much of the budget is used."""

from __future__ import annotations

from parley_operator.render.dashboard_panel import RATE, Panel, Query, Row

ROW = Row(
    "Cost",
    (
        Panel(
            title="Dollars per hour, by stage",
            description="What providers will bill, by the price list.",
            queries=(Query(f"sum by (stage) (rate(voice_cost_dollars_total{{$AT}}{RATE})) * 3600", "{{stage}}"),),
            unit="currencyUSD",
        ),
        Panel(
            title="Dollars per session",
            description="Of sessions that ended.",
            queries=tuple(
                Query(
                    f"histogram_quantile({rank}, "
                    f"sum by (le) (rate(voice_session_cost_dollars_bucket{{$AT}}{RATE})))",
                    name,
                )
                for rank, name in (("0.5", "p50"), ("0.95", "p95"))
            ),
            unit="currencyUSD",
        ),
        Panel(
            title="Dollars in 24 h, by tenant",
            description="The ten that cost most.",
            queries=(
                Query(
                    "topk(10, sum by (tenant_id) (increase(voice_tenant_cost_dollars_total{$AT}[24h])))",
                    "{{tenant_id}}",
                ),
            ),
            unit="currencyUSD",
        ),
        Panel(
            title="Today's budget",
            description="Where limits.cost.perDay is set. At 100 % nobody is answered until midnight UTC.",
            queries=(
                Query(
                    'max(voice_budget_spent_dollars{$AT,scope="deployment"} / '
                    'voice_budget_dollars{$AT,scope="deployment"})',
                    "used",
                ),
            ),
            unit="percentunit",
            thresholds=((0.8, "yellow"), (1, "red")),
        ),
        Panel(
            title="Sessions warned and ended by budgets",
            description="Per hour.",
            queries=(
                Query(
                    f"sum by (scope, verdict) (rate(voice_budget_verdicts_total{{$AT}}{RATE})) * 3600",
                    "{{scope}} {{verdict}}",
                ),
            ),
        ),
        Panel(
            title="Rows and events that wait",
            description="Where records are kept: for the database, and for billing.",
            queries=(Query("sum by (destination) (voice_records_waiting{$AT})", "{{destination}}"),),
        ),
        Panel(
            title="Recordings that are not whole",
            description="Where spec.recordings is set: per hour, and why they ended before their session.",
            queries=(
                Query(
                    f'sum by (end) (rate(voice_recordings_total{{$AT,end!="session"}}{RATE})) * 3600 > 0',
                    "{{end}}",
                ),
            ),
        ),
    ),
)
