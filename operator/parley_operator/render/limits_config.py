"""The parts of the gateway's configuration about bounds, money, and what pods share and keep."""

from __future__ import annotations

import re
from typing import Any

from parley_operator.api.durations import seconds
from parley_operator.api.limits import CostSpec, LimitsSpec, PriceSpec
from parley_operator.api.spec import VoiceDeploymentSpec
from parley_operator.api.state import BillingSpec, RecordsSpec
from parley_operator.render.paths import OUTBOX_DIRECTORY
from parley_operator.render.recordings_config import recordings_config
from parley_operator.render.said import said, source_file


def limits_config(limits: LimitsSpec) -> dict[str, Any]:
    """Bounds of one session, one user and one pod."""
    return said(
        session_duration=seconds(limits.session_duration),
        idle_timeout=seconds(limits.idle_timeout),
        sessions_per_pod=limits.sessions_per_pod,
        connections_per_pod=limits.connections_per_pod,
        frame_bytes=limits.max_frame_size,
        messages_per_second=limits.messages_per_second,
        sessions_per_user=limits.sessions_per_user,
        cost=_cost(limits.cost) if limits.cost else None,
    )


def _cost(cost: CostSpec) -> dict[str, Any]:
    return said(
        currency=cost.currency,
        per_session=cost.per_session,
        per_user_per_day=cost.per_user_per_day,
        per_day=cost.per_day,
        warn_at_percent=cost.warn_at_percent,
        prices=[_price(price) for price in cost.prices] if cost.prices else None,
    )


def _price(price: PriceSpec) -> dict[str, Any]:
    return {
        "provider": price.provider,
        "model": price.model,
        "unit": re.sub(r"(?<!^)(?=[A-Z])", "_", price.unit).lower(),
        "price": price.price,
        "per": price.per,
    }


def state_config(spec: VoiceDeploymentSpec) -> dict[str, Any]:
    """What pods share, what is kept, and who is billed: only what the spec has."""
    redis = spec.sessions.redis if spec.sessions else None
    return said(
        redis={"url_file": source_file(redis.url), "when_away": redis.when_away} if redis else None,
        records=_records(spec.records) if spec.records else None,
        recordings=recordings_config(spec.recordings) if spec.recordings else None,
        stripe=_stripe(spec.billing) if spec.billing else None,
    )


def _records(records: RecordsSpec) -> dict[str, Any]:
    return {
        "url_file": source_file(records.postgres.url),
        "outbox": OUTBOX_DIRECTORY,
        "transcripts": records.transcripts,
        "retention_days": records.retention_days,
    }


def _stripe(billing: BillingSpec) -> dict[str, Any]:
    stripe = billing.stripe
    return said(
        api_key_file=source_file(stripe.api_key),
        meter_event_name=stripe.meter,
        customer_claim=stripe.customer.lower(),
        webhook_secret_file=source_file(stripe.webhook_secret) if stripe.webhook_secret else None,
    )
