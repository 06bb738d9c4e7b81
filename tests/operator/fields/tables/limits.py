"""`spec.limits`: bounds of a session, a user and a pod, and prices."""

from __future__ import annotations

from tests.operator.fields.row import MADE, Row, below, table

PRICE = {"provider": "OpenAICompatible", "model": "piper", "unit": "Characters", "price": "0.02", "per": 1000}

BOUNDS = below(
    "spec.limits",
    table(
        Row("sessionDuration", "20m", {"config limits.session_duration": 1200.0}),
        Row("idleTimeout", "2m", {"config limits.idle_timeout": 120.0}),
        Row("sessionsPerPod", 9, {"config limits.sessions_per_pod": 9}),
        Row("connectionsPerPod", 900, {"config limits.connections_per_pod": 900}),
        Row("messagesPerSecond", 70, {"config limits.messages_per_second": 70}),
        Row("maxFrameSize", 32768, {"config limits.frame_bytes": 32768}),
        Row("sessionsPerUser", 2, {"config limits.sessions_per_user": 2}),
    ),
)

COST = below(
    "spec.limits.cost",
    table(
        Row("currency", "EUR", refused="Unsupported value"),
        Row("perSession", "2.50", {"config limits.cost.per_session": "2.50"}),
        Row("perUserPerDay", "10", {"config limits.cost.per_user_per_day": "10"}),
        Row(
            "perDay",
            "500",
            {
                "PrometheusRule spec.groups[voice].rules[VoiceBudgetNearlyUsed]": MADE,
                "PrometheusRule spec.groups[voice].rules[VoiceBudgetUsedUp]": MADE,
                "config limits.cost.per_day": "500",
            },
        ),
        Row("warnAtPercent", 75, {"config limits.cost.warn_at_percent": 75}),
        limits={"cost": {"perSession": "5"}},
    ),
)

PRICES = below(
    "spec.limits.cost.prices[]",
    table(
        Row("provider", "OpenAI", {"config limits.cost.prices[0].provider": "OpenAI"}),
        Row("model", "amy", {"config limits.cost.prices[0].model": "amy"}),
        Row("unit", "InputTokens", {"config limits.cost.prices[0].unit": "input_tokens"}),
        Row("price", "0.03", {"config limits.cost.prices[0].price": "0.03"}),
        Row("per", 500, {"config limits.cost.prices[0].per": 500}),
        limits={"cost": {"prices": [PRICE]}},
    ),
)

ROWS = BOUNDS + COST + PRICES
