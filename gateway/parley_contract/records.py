"""What is kept of sessions after their end, and who is billed."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from parley_contract.base import ConfigModel, FilePath, HttpPath


class RecordsConfig(ConfigModel):
    """One row of `voice_sessions` per session, in PostgreSQL."""

    url_file: FilePath
    """A file with postgresql://."""
    outbox: FilePath
    """A folder in which rows wait for the database: they survive the process."""
    transcripts: Literal["None", "Text"] = "None"
    """Whether what was said is kept with the row."""
    retention_days: int = Field(default=30, ge=1, le=3650)
    """After which rows are deleted."""


LONGEST_RECORDING_S = 6 * 3600
"""A WAV file ends at 4 GiB: 6.2 hours of two channels at 48 kHz."""


class RecordingsConfig(ConfigModel):
    """The audio of each session, as a WAV file with the caller left and the agent right."""

    folder: FilePath
    """A mounted folder; each deployment has one of its own in it."""
    retention_days: int = Field(default=30, ge=1, le=3650)
    """After which files are removed."""
    longest: Annotated[float, Field(gt=0, le=LONGEST_RECORDING_S)] = 3600.0
    """So much of a session is recorded at most."""
    min_free: int = Field(default=256 * 1024**2, ge=0)
    """Bytes of the disk that stay free."""
    most: int | None = Field(default=None, ge=1)
    """Bytes that the folder may hold; None where the disk alone bounds it."""


class StripeConfig(ConfigModel):
    """Usage reported to Stripe as meter events."""

    api_key_file: FilePath
    meter_event_name: str = Field(max_length=100)
    """The meter's event name; its value is the session's cost in hundredths of the currency."""
    customer_claim: Literal["user", "tenant"] = "tenant"
    """Which of the two is Stripe's customer id."""
    webhook_secret_file: FilePath | None = None
    webhook_path: HttpPath = "/v1/stripe/webhook"
    base_url: str | None = None
