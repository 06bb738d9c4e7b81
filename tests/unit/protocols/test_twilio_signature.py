"""Signatures are Twilio's own: its library makes them, for the URLs that Twilio calls (G11)."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twilio.request_validator import RequestValidator  # type: ignore[import-untyped]

from parley_gateway.protocols.endpoint import Handshake
from parley_gateway.protocols.twilio_signature import TwilioSignature, url_forms

AUTH_TOKEN = "0123456789abcdef0123456789abcdef"
FORM = {"CallSid": ["CA1"], "From": ["+15550100"], "To": ["+15550199"], "Digits": [""]}


def signed(url: str, form: dict[str, list[str]] | None = None, *, algorithm: str = "HMAC_SHA1") -> str:
    """As Twilio does it."""

    class Fields(dict[str, list[str]]):
        def getlist(self, name: str) -> list[str]:
            return self[name]

    signature: str = RequestValidator(AUTH_TOKEN).compute_signature(url, Fields(form or {}), algorithm)
    return signature


def arrived(url: str, signature: str | None, **headers: str) -> Handshake:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    if signature is not None:
        named["x-twilio-signature"] = signature
    return Handshake(url=url, path="/v1/twilio", headers=named)


@pytest.fixture
def token_file(tmp_path: Path) -> Path:
    file = tmp_path / "auth-token"
    file.write_text(f"{AUTH_TOKEN}\n")
    return file


@pytest.fixture
def signature(token_file: Path) -> TwilioSignature:
    return TwilioSignature(token_file, public_url="https://voice.example.com")


BEHIND_A_PROXY = "ws://10.0.0.7:8080/v1/twilio"


@pytest.mark.parametrize(
    "called",
    [
        "wss://voice.example.com/v1/twilio",
        "wss://voice.example.com/v1/twilio/",
        "wss://voice.example.com:443/v1/twilio",
        "https://voice.example.com/v1/twilio",
        "https://voice.example.com:443/v1/twilio",
    ],
)
def test_g11_a_signed_handshake_is_known_behind_a_proxy(signature: TwilioSignature, called: str) -> None:
    assert signature.covers(arrived(BEHIND_A_PROXY, signed(called)), {})


def test_g11_a_webhook_is_known_with_its_fields_and_its_query(signature: TwilioSignature) -> None:
    called = "https://voice.example.com/v1/twilio/voice?number=5"
    here = "http://10.0.0.7:8080/v1/twilio/voice?number=5"
    assert signature.covers(arrived(here, signed(called, FORM)), FORM)


def test_g11_a_field_that_was_changed_or_added_is_noticed(signature: TwilioSignature) -> None:
    called = "https://voice.example.com/v1/twilio/voice"
    request = arrived("http://10.0.0.7:8080/v1/twilio/voice", signed(called, FORM))
    assert not signature.covers(request, {**FORM, "From": ["+15550101"]})
    assert not signature.covers(request, {**FORM, "More": ["x"]})
    assert not signature.covers(request, {})


@pytest.mark.parametrize(
    "called",
    [
        "wss://voice.example.org/v1/twilio",
        "wss://voice.example.com/v1/other",
        "wss://voice.example.com/v1/twilio?a=b",
        "wss://voice.example.com:8443/v1/twilio",
    ],
)
def test_g11_a_signature_for_another_url_is_none(signature: TwilioSignature, called: str) -> None:
    assert not signature.covers(arrived(BEHIND_A_PROXY, signed(called)), {})


@pytest.mark.parametrize("presented", [None, "", "x", "\xff", "=" * 28])
def test_g11_no_signature_is_none(signature: TwilioSignature, presented: str | None) -> None:
    assert not signature.covers(arrived(BEHIND_A_PROXY, presented), {})


def test_g11_a_shared_key_signs_with_sha256(signature: TwilioSignature) -> None:
    presented = signed("wss://voice.example.com/v1/twilio", algorithm="HMAC_SHA256")
    settings = {"x_twilio_webhooks_signature_settings": "key=webhooks_sharedkey_1,algorithm=HMAC_SHA256"}
    assert signature.covers(arrived(BEHIND_A_PROXY, presented, **settings), {})
    assert not signature.covers(arrived(BEHIND_A_PROXY, presented), {})


def test_g11_without_a_public_url_the_host_that_was_called_counts(token_file: Path) -> None:
    direct = TwilioSignature(token_file, public_url=None)
    presented = signed("wss://voice.example.com:8443/v1/twilio")
    assert direct.covers(arrived("ws://voice.example.com:8443/v1/twilio", presented), {})
    assert not direct.covers(arrived("ws://elsewhere.example.com:8443/v1/twilio", presented), {})


def test_g11_a_new_auth_token_counts_at_once_and_an_unreadable_one_lets_nobody_in(
    signature: TwilioSignature, token_file: Path
) -> None:
    request = arrived(BEHIND_A_PROXY, signed("wss://voice.example.com/v1/twilio"))
    token_file.write_text("another-token")
    assert not signature.covers(request, {})
    token_file.unlink()
    assert not signature.covers(request, {})


def test_g11_an_empty_auth_token_is_said_at_the_start(tmp_path: Path) -> None:
    file = tmp_path / "auth-token"
    file.write_text("\n")
    with pytest.raises(ValueError, match="auth token"):
        TwilioSignature(file, public_url=None)


@pytest.mark.parametrize("host", ["a:b", "[", "[::1]:x", "a:99999999"])
def test_g11_a_host_header_that_is_none_lets_nobody_in(token_file: Path, host: str) -> None:
    direct = TwilioSignature(token_file, public_url=None)
    assert not direct.covers(arrived(f"ws://{host}/v1/twilio", signed("wss://a/v1/twilio")), {})


@given(
    st.sampled_from(["h.example", "h.example:8443", "[::1]", "[::1]:80"]), st.sampled_from(["/", "/a", "/a/b/"])
)
def test_g11_whatever_form_twilio_signs_is_among_those_tried(host: str, path: str) -> None:
    forms = set(url_forms(f"http://{host}{path}"))
    assert {f"{scheme}://{host}{path}" for scheme in ("https", "wss")} <= forms
    assert len(forms) <= 24
