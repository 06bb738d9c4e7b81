"""The client protocols, and where they are served."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from parley_contract.base import ConfigModel, FilePath, HttpPath


class NativeProtocolConfig(ConfigModel):
    """Where the native protocol is served."""

    name: Literal["Native"] = "Native"
    paths: list[HttpPath] = Field(default=["/v1/voice"], min_length=1, max_length=16)


class TwilioProtocolConfig(ConfigModel):
    """Twilio Media Streams: calls of the telephone network."""

    name: Literal["Twilio"] = "Twilio"
    paths: list[HttpPath] = Field(default=["/v1/twilio"], min_length=1, max_length=16)
    """Of the stream's WebSocket; `<path>/voice` answers Twilio's request for TwiML that connects a call to it."""
    auth_token_file: FilePath | None = None
    """The account's auth token: requests without a valid X-Twilio-Signature are refused. Without it, the protocol
    takes what every client must bring: a token, as a `<Parameter name="token">` of the stream."""
    public_url: str | None = Field(default=None, pattern=r"^https?://[A-Za-z0-9.:\[\]-]+$", max_length=256)
    """https://host[:port] as Twilio calls it, where a proxy hides it; the signature covers it."""


ProtocolConfig = Annotated[NativeProtocolConfig | TwilioProtocolConfig, Field(discriminator="name")]
