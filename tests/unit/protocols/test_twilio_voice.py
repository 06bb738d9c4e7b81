"""What Twilio is told to do with a call that comes in (G11)."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parley_contract.limits import LimitsConfig
from parley_contract.protocols import TwilioProtocolConfig
from parley_gateway.protocols.endpoint import Answer, Handshake, Refusal
from parley_gateway.protocols.twilio_endpoint import TwilioEndpoint, twiml
from tests.unit.protocols.scene import Clock, Dropped, Heard
from tests.unit.protocols.test_twilio_signature import AUTH_TOKEN, FORM, signed
from tests.unit.protocols.twilio_scene import Door


def endpoint(**config: object) -> TwilioEndpoint:
    return TwilioEndpoint(
        TwilioProtocolConfig.model_validate(config),
        Door(Heard()),
        limits=LimitsConfig(),
        clock=Clock(),
        observer=Dropped(),
    )


def request(host: str = "voice.example.com", signature: str = "") -> Handshake:
    path = "/v1/twilio/voice"
    return Handshake(url=f"http://{host}{path}", path=path, headers={"x-twilio-signature": signature})


def stream_url(answer: Answer | Refusal) -> str | None:
    assert isinstance(answer, Answer)
    assert answer.media_type == "application/xml"
    (stream,) = ET.fromstring(answer.body).findall("./Connect/Stream")
    return stream.get("url")


def test_g11_the_call_is_connected_to_the_stream_beside_the_webhook() -> None:
    assert stream_url(endpoint().webhooks["/voice"](request(), FORM)) == "wss://voice.example.com/v1/twilio"


def test_g11_behind_a_proxy_the_public_url_counts() -> None:
    behind = endpoint(public_url="https://calls.example.com")
    assert (
        stream_url(behind.webhooks["/voice"](request("10.0.0.7:8080"), FORM))
        == "wss://calls.example.com/v1/twilio"
    )


def test_g11_with_an_auth_token_an_unsigned_request_is_refused_with_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "token").write_text(AUTH_TOKEN)
    strict = endpoint(auth_token_file=str(tmp_path / "token"))
    refusal = strict.webhooks["/voice"](request(), FORM)
    assert isinstance(refusal, Refusal)
    assert (refusal.status, refusal.reason) == (403, "signature")
    assert "public_url" in refusal.message
    right = signed("https://voice.example.com/v1/twilio/voice", FORM)
    assert (
        stream_url(strict.webhooks["/voice"](request(signature=right), FORM))
        == "wss://voice.example.com/v1/twilio"
    )


def test_g11_a_host_that_is_none_is_refused() -> None:
    assert isinstance(endpoint().webhooks["/voice"](request("["), FORM), Refusal)


@given(st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), max_size=40))
def test_g11_nothing_in_the_address_can_add_to_the_instruction(address: str) -> None:
    (stream,) = ET.fromstring(twiml(f"wss://{address}").encode()).findall("./Connect/Stream")
    assert stream.attrib == {"url": f"wss://{address}"}


@pytest.mark.parametrize("public_url", ["voice.example.com", "https://a/b", 'https://a"', "ftp://a", "https://a "])
def test_g11_a_public_url_is_a_scheme_and_a_host(public_url: str) -> None:
    with pytest.raises(ValueError, match="public_url"):
        TwilioProtocolConfig(public_url=public_url)
