"""`spec.sessions`, `spec.records` and `spec.billing`: what pods share, what is kept, and who is billed."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from parley_operator.api.base import ResourceModel
from parley_operator.api.references import SecretSource
from parley_operator.api.values import MeterName


class RedisSpec(ResourceModel):
    """What all pods share: sessions per user, and what was spent today."""

    url: SecretSource
    """Where its URL is: redis:// or rediss://."""
    when_away: Literal["Allow", "Refuse"] = "Allow"
    """Whether new sessions are let in while Redis cannot be reached, bounded by each pod alone."""


class SessionsSpec(ResourceModel):
    """What sessions of different pods share."""

    redis: RedisSpec
    """Where it is kept."""


class PostgresSpec(ResourceModel):
    """A PostgreSQL database, in which the gateway makes and upgrades its own schema."""

    url: SecretSource
    """Where its URL is: postgresql://user:password@host/database."""


class RecordsSpec(ResourceModel):
    """One row of voice_sessions per session."""

    postgres: PostgresSpec
    """The database."""
    transcripts: Literal["None", "Text"] = "None"
    """Whether what was said is kept with the row."""
    retention_days: Annotated[int, Field(ge=1, le=3650)] = 30
    """Days after which rows are deleted."""


class StripeSpec(ResourceModel):
    """Usage reported to Stripe as meter events."""

    api_key: SecretSource
    """Where the API key is."""
    meter: MeterName
    """The meter's event name; its value is the session's cost in hundredths of a US dollar."""
    customer: Literal["User", "Tenant"] = "Tenant"
    """Which of the two is Stripe's id of the customer."""
    webhook_secret: SecretSource | None = None
    """Where the signing secret of Stripe's webhooks is; they are served on /v1/stripe/webhook."""


class BillingSpec(ResourceModel):
    """Who is told what to bill. It needs records."""

    stripe: StripeSpec
    """Stripe."""
