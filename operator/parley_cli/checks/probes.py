"""The cheapest read that tells whether a provider knows a key: one row for each provider, from its documentation.

None of these requests costs anything, and none of them makes or changes anything at the provider.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum


class Outcome(Enum):
    """What an answer says about a key."""

    ACCEPTED = "accepted"
    NARROW = "narrow"
    """The key is known, and may not do this read: a restricted one, which may well do its work."""
    REFUSED = "refused"
    LIMITED = "limited"
    """Too many requests, or no credit."""
    UNCLEAR = "unclear"
    """Nothing: another answer than the documented ones."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """A GET with the key in a header."""

    endpoint: str
    """The provider's own address, which a baseURL replaces; empty where there is none."""
    path: str
    header: str
    prefix: str = ""
    """Stands before the key."""
    further: Mapping[str, str] = field(default_factory=dict)
    """Headers that the API insists on."""
    narrow: str = ""
    """In the body of a 401 or 403 that is about the read, not about the key."""
    invalid: str = ""
    """In the body of a 400 that is about the key."""

    def headers(self, key: str) -> dict[str, str]:
        """Of the request with this key."""
        return {self.header: f"{self.prefix}{key}", **self.further}


_DEEPGRAM = Probe(
    endpoint="https://api.deepgram.com", path="/v1/auth/token", header="Authorization", prefix="Token "
)
"""https://developers.deepgram.com/docs/authenticating: "a quick test to see if your key is validating"."""
_OPENAI = Probe(
    endpoint="https://api.openai.com/v1",
    path="/models",
    header="Authorization",
    prefix="Bearer ",
    narrow="Missing scopes",
)
"""https://platform.openai.com/docs/api-reference/models/list; a restricted key may lack api.model.read."""
PROBES: Mapping[str, Probe] = {
    # https://docs.anthropic.com/en/api/models-list
    "Anthropic": Probe(
        endpoint="https://api.anthropic.com",
        path="/v1/models?limit=1",
        header="x-api-key",
        further={"anthropic-version": "2023-06-01"},
    ),
    # https://docs.cartesia.ai/api-reference/voices/list, with the version that the gateway speaks
    "Cartesia": Probe(
        endpoint="https://api.cartesia.ai",
        path="/voices?limit=1",
        header="Authorization",
        prefix="Bearer ",
        further={"Cartesia-Version": "2026-03-01"},
    ),
    "Deepgram": _DEEPGRAM,
    "DeepgramFlux": _DEEPGRAM,
    # https://elevenlabs.io/docs/api-reference/user/get; a restricted key may lack the permission user_read
    "ElevenLabs": Probe(
        endpoint="https://api.elevenlabs.io",
        path="/v1/user",
        header="xi-api-key",
        narrow="missing_permissions",
    ),
    # https://ai.google.dev/api/models#method:-models.list; a key that is not valid is a bad request here
    "Gemini": Probe(
        endpoint="https://generativelanguage.googleapis.com",
        path="/v1beta/models?pageSize=1",
        header="x-goog-api-key",
        invalid="API_KEY_INVALID",
    ),
    "OpenAI": _OPENAI,
    "OpenAICompatible": Probe(endpoint="", path="/models", header="Authorization", prefix="Bearer "),
    # https://docs.stripe.com/api/accounts/retrieve; a restricted key, as usage needs, may not do this read
    "Stripe": Probe(
        endpoint="https://api.stripe.com",
        path="/v1/account",
        header="Authorization",
        prefix="Bearer ",
        narrow="required permissions",
    ),
}
"""By the name in the spec. Embedded has no key; a worker pool is reached inside the cluster alone."""


def judged(probe: Probe, status: int, body: str) -> Outcome:
    """What an answer says about the key; of its body only the beginning is needed."""
    match status:
        case 401 | 403 if probe.narrow and probe.narrow in body:
            return Outcome.NARROW
        case 401 | 403:
            return Outcome.REFUSED
        case 400 if probe.invalid and probe.invalid in body:
            return Outcome.REFUSED
        case 402 | 429:
            return Outcome.LIMITED
        case _:
            return Outcome.ACCEPTED if 200 <= status < 300 else Outcome.UNCLEAR
