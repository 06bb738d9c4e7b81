"""What the dashboard shows: rows that a person keeps open, from what callers notice down to what causes it."""

from __future__ import annotations

from parley_operator.render.dashboard_panel import RATE, Panel, Query, Row, percentiles, span, stat

KEPT = (
    f'sum(rate(voice_sla_turns_total{{$AT,promise="all",kept="true"}}{RATE})) / '
    f'sum(rate(voice_sla_turns_total{{$AT,promise="all"}}{RATE}))'
)
RESPONSE = f'rate(voice_latency_seconds_bucket{{$AT,type="response"}}{RATE})'
FAILED = f'rate(voice_replies_total{{$AT,status="failed"}}{RATE})'

GLANCE = Row(
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

SESSIONS = Row(
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

HEARD = Row(
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

LATENCY = Row(
    "Latency by stage: endpointing + first token + sentence + synthesis + playout = response",
    (
        span("Endpointing", "endpointing", "From the caller's last sound to the decision that the turn is over."),
        span("First token", "first_token", "From the end of the turn to the model's first text.", promise=0.3),
        span("Sentence", "sentence", "From the first text to the first sentence handed to the voice."),
        span("Synthesis", "synthesis", "From the first sentence to its first audio.", promise=0.5),
        span("Playout", "playout", "From the first audio to its being handed to the client."),
        span("Transcript", "partial_asr", "From a word's last audio to the transcript with it.", promise=0.15),
    ),
)

PROMISES = Row(
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

PROVIDERS = Row(
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

COST = Row(
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
    ),
)

SATURATION = Row(
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

ROWS = (GLANCE, SESSIONS, HEARD, LATENCY, PROMISES, PROVIDERS, COST, SATURATION)
