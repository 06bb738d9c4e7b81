"""How many talk, and how sessions and connections end."""

from __future__ import annotations

from parley_operator.render.dashboard_panel import RATE, Panel, Query, Row

ROW = Row(
    "Sessions",
    (
        Panel(
            title="Sessions by pod",
            description="Calls that talk now.",
            queries=(Query("sum by (pod) (voice_sessions_active{$AT})", "{{pod}}"),),
        ),
        Panel(
            title="Sessions that ended, by why",
            description="Per minute. providers_failed and internal are ours to mend.",
            queries=(Query(f"sum by (status) (rate(voice_sessions_total{{$AT}}{RATE})) * 60", "{{status}}"),),
        ),
        Panel(
            title="Clients refused and closed",
            description="Per minute: handshakes by reason, and sockets by close code other than 1000.",
            queries=(
                Query(f"sum by (reason) (rate(voice_connections_refused_total{{$AT}}{RATE})) * 60", "{{reason}}"),
                Query(
                    f'sum by (code) (rate(voice_connection_closes_total{{$AT,code!="1000"}}{RATE})) * 60 > 0',
                    "{{code}}",
                ),
            ),
        ),
    ),
)
