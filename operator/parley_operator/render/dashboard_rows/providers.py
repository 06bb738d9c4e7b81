"""Which provider fails, is left alone, or makes requests wait."""

from __future__ import annotations

from parley_operator.render.dashboard_panel import RATE, Panel, Query, Row

ROW = Row(
    "Providers",
    (
        Panel(
            title="Failed requests",
            description="Per minute, whether a retry or a fallback saved them or not.",
            queries=(
                Query(
                    "sum by (stage, provider, kind) "
                    f"(rate(voice_provider_failed_attempts_total{{$AT}}{RATE})) * 60 > 0",
                    "{{stage}} {{provider}}: {{kind}}",
                ),
            ),
        ),
        Panel(
            title="Left alone",
            description="Breakers: red is left alone, yellow is tried again.",
            queries=(Query("max by (stage, provider) (voice_provider_breaker{$AT})", "{{stage}} {{provider}}"),),
            kind="state-timeline",
            thresholds=((1, "yellow"), (2, "red")),
            values={
                "0": {"text": "asked"},
                "1": {"text": "tried again"},
                "2": {"text": "left alone"},
            },
        ),
        Panel(
            title="Retries, failovers, keys refused",
            description="Per minute.",
            queries=(
                Query(
                    f"sum by (provider) (rate(voice_provider_retries_total{{$AT}}{RATE})) * 60",
                    "{{provider}}: retry",
                ),
                Query(
                    f"sum by (provider, to) (rate(voice_provider_failovers_total{{$AT}}{RATE})) * 60",
                    "{{provider}} to {{to}}",
                ),
                Query(
                    f"sum by (provider) (rate(voice_provider_keys_set_aside_total{{$AT}}{RATE})) * 60 > 0",
                    "{{provider}}: key refused",
                ),
            ),
        ),
        Panel(
            title="Failures that callers notice",
            description="Per minute, after retries and fallbacks.",
            queries=(
                Query(
                    f"sum by (stage, kind) (rate(voice_provider_errors_total{{$AT}}{RATE})) * 60 > 0",
                    "{{stage}}: {{kind}}",
                ),
            ),
        ),
        Panel(
            title="Requests that wait",
            description="For a key's turn: raise requestsPerMinute, or add keys.",
            queries=(
                Query("sum by (stage, provider) (voice_provider_queue_depth{$AT})", "{{stage}} {{provider}}"),
            ),
        ),
        Panel(
            title="Speech from the cache",
            description="Part of the sentences that need no synthesis.",
            queries=(
                Query(
                    f'sum(rate(voice_speech_cache_lookups_total{{$AT,result="hit"}}{RATE})) / '
                    f"sum(rate(voice_speech_cache_lookups_total{{$AT}}{RATE}))",
                    "hits",
                ),
            ),
            unit="percentunit",
        ),
    ),
)
