"""`spec.sessions`, `spec.records`, `spec.recordings` and `spec.billing`: what is shared, kept and billed."""

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

_VOLUME = "pod spec.volumes[recordings]"

RECORDED = below(
    "spec.recordings",
    table(
        Row("persistentVolumeClaim.claimName", "other", {f"{_VOLUME}.persistentVolumeClaim.claimName": "other"}),
        Row("retentionDays", 90, {"config recordings.retention_days": 90}),
        Row("maxDuration", "30m", {"config recordings.longest": 1800.0}),
        Row("minFreeSpace", "1Gi", {"config recordings.min_free": 2**30}),
        recordings={"persistentVolumeClaim": {"claimName": "recordings"}},
    )
    + table(
        Row(
            "emptyDir.sizeLimit",
            "2Gi",
            {"config recordings.most": 2 * 2**30, f"{_VOLUME}.emptyDir.sizeLimit": "2Gi"},
        ),
        recordings={"emptyDir": {}},
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

ROWS = SESSIONS + KEPT + RECORDED + BILLED
