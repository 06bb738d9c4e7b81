"""How full the pods are."""

from __future__ import annotations

from parley_operator.render.dashboard_panel import RATE, Panel, Query, Row

ROW = Row(
    "Saturation",
    (
        Panel(
            title="Room used, by pod",
            description="Sessions of those that may be.",
            queries=(Query("max by (pod) (voice_worker_utilization{$AT})", "{{pod}}"),),
            unit="percentunit",
            thresholds=((0.85, "red"),),
        ),
        Panel(
            title="Event loop late, p95",
            description="Says that a pod is full long before its CPU does.",
            queries=(
                Query(
                    "histogram_quantile(0.95, sum by (le, pod) "
                    f"(rate(voice_event_loop_lag_seconds_bucket{{$AT}}{RATE})))",
                    "{{pod}}",
                ),
            ),
            unit="s",
            thresholds=((0.05, "red"),),
        ),
        Panel(
            title="CPU",
            description="Cores that each pod uses: its event loop is one, models of its own may take more.",
            queries=(Query(f"sum by (pod) (rate(process_cpu_seconds_total{{$AT}}{RATE}))", "{{pod}}"),),
        ),
        Panel(
            title="Memory",
            description="Resident.",
            queries=(Query("sum by (pod) (process_resident_memory_bytes{$AT})", "{{pod}}"),),
            unit="bytes",
        ),
        Panel(
            title="Open connections",
            description="Talking or not, against limits.connectionsPerPod.",
            queries=(Query("sum by (pod) (voice_connections_active{$AT})", "{{pod}}"),),
        ),
        Panel(
            title="Redis reached",
            description="Where sessions.redis is set: 1 while each pod reaches it.",
            queries=(Query("min by (pod) (voice_redis_up{$AT})", "{{pod}}"),),
        ),
    ),
)
