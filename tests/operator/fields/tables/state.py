"""`spec.sessions`, `spec.records` and `spec.billing`: what pods share, what is kept, and who is billed."""

from __future__ import annotations

from tests.operator.fields.row import OTHER, Row, below, table
from tests.operator.fields.shared import secret_rows
from tests.unit.operator.examples import secret

RECORDS = {"postgres": {"url": secret("pg-app", "uri")}}
STRIPE = {
    "apiKey": secret("stripe", "key"),
    "meter": "voice_cents",
    "webhookSecret": secret("stripe-webhook", "key"),
}

SESSIONS = below(
    "spec.sessions.redis",
    table(
        *secret_rows("url", "config redis.url_file", name="redis", key="url"),
        Row(
            "whenAway",
            "Refuse",
            {
                "PrometheusRule spec.groups[voice].rules[VoiceRedisAway].annotations.description": OTHER,
                "PrometheusRule spec.groups[voice].rules[VoiceRedisAway].annotations.summary": OTHER,
                "PrometheusRule spec.groups[voice].rules[VoiceRedisAway].labels.severity": "critical",
                "config redis.when_away": "Refuse",
            },
        ),
        sessions={"redis": {"url": secret("redis", "url")}},
    ),
)

KEPT = below(
    "spec.records",
    table(
        *secret_rows("postgres.url", "config records.url_file", name="pg-app", key="uri"),
        Row("transcripts", "Text", {"config records.transcripts": "Text"}),
        Row("retentionDays", 90, {"config records.retention_days": 90}),
        records=RECORDS,
    ),
)

BILLED = below(
    "spec.billing.stripe",
    table(
        *secret_rows("apiKey", "config stripe.api_key_file", name="stripe", key="key"),
        Row("meter", "voice_euros", {"config stripe.meter_event_name": "voice_euros"}),
        Row("customer", "User", {"config stripe.customer_claim": "user"}),
        *secret_rows("webhookSecret", "config stripe.webhook_secret_file", name="stripe-webhook", key="key"),
        records=RECORDS,
        billing={"stripe": STRIPE},
    ),
)

ROWS = SESSIONS + KEPT + BILLED
