"""O12: `parley doctor --keys`: what providers, in their own wire formats, say of the keys."""

from __future__ import annotations

import base64
import socket
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest

from parley_cli.checks import keys as checks
from parley_cli.checks.keys import named, tried
from parley_cli.checks.probes import PROBES, Outcome, judged
from parley_cli.checks.verdict import Grade, Verdict
from tests.emulators.accounts import AccountScript
from tests.emulators.emulators import Emulators, running
from tests.emulators.faults import Fault
from tests.emulators.journal import fingerprint
from tests.unit.operator.examples import resource, secret

KEY = "sk-known-0123456789abcdef"
OTHER = "sk-other-0123456789abcdef"
STAGES = {
    **dict.fromkeys(("Anthropic", "Gemini"), "llm"),
    **dict.fromkeys(("Cartesia", "ElevenLabs", "OpenAI"), "tts"),
    **dict.fromkeys(("Deepgram", "DeepgramFlux", "OpenAICompatible"), "stt"),
}
ACCOUNTS = {"DeepgramFlux": "Deepgram", "OpenAICompatible": "OpenAI"}
"""Whose account another name stands for."""


@pytest.fixture
async def emulators() -> AsyncIterator[Emulators]:
    async with running() as started:
        for account in started.accounts.values():
            account.set_script(AccountScript(keys=[KEY]))
        yield started


def body(provider: str, url: str, *, base: str = "/v1", **further: Any) -> dict[str, Any]:
    """A resource with one stage at this provider."""
    base_url = f"{url}{base}" if provider in ("OpenAI", "OpenAICompatible") else url
    stage = {"provider": provider, "baseURL": base_url, "apiKeys": [secret("voice-keys", "key")], **further}
    embedded = {name: {"provider": "Embedded"} for name in ("stt", "llm", "tts")}
    return resource(pipeline={**embedded, STAGES[provider]: stage})


async def verdicts(*bodies: dict[str, Any], key: str = KEY) -> list[Verdict]:
    return await tried(named(bodies), {"voice-keys": {"key": base64.b64encode(key.encode()).decode()}})


def test_o12_every_provider_with_a_key_has_a_probe() -> None:
    assert set(PROBES) == {*STAGES, "Stripe"}


@pytest.mark.parametrize("provider", STAGES)
async def test_o12_a_key_that_the_provider_knows_is_taken(provider: str, emulators: Emulators) -> None:
    [said] = await verdicts(body(provider, emulators.url), key=f"{KEY}\n")
    assert (said.grade, said.message) == (Grade.OK, f"{provider} takes it")
    [asked] = emulators.journal.entries
    assert (asked.method, asked.key, asked.outcome) == ("GET", fingerprint(KEY), "completed")
    assert asked.route == emulators.accounts[ACCOUNTS.get(provider, provider)].form.route


@pytest.mark.parametrize("provider", STAGES)
async def test_o12_of_a_key_that_it_refuses_the_secret_is_named_and_never_the_key(
    provider: str, emulators: Emulators
) -> None:
    [said] = await verdicts(body(provider, emulators.url), key=OTHER)
    assert said.grade is Grade.FAILING
    assert f"{provider} refuses it" in said.message
    assert f"spec.pipeline.{STAGES[provider]}.apiKeys[0]" in said.message
    assert "key key of Secret voice-keys" in said.mend
    assert OTHER not in f"{said}"


@pytest.mark.parametrize("provider", STAGES)
async def test_o12_one_that_has_used_up_its_share_is_a_warning(provider: str, emulators: Emulators) -> None:
    account = emulators.accounts[ACCOUNTS.get(provider, provider)]
    account.set_script(AccountScript(faults=[Fault(kind="refuse", status=429)]))
    [said] = await verdicts(body(provider, emulators.url))
    assert (said.grade, "at its limit" in said.message) == (Grade.WARNING, True)


@pytest.mark.parametrize("provider", ["OpenAI", "ElevenLabs"])
async def test_o12_a_restricted_key_that_may_not_do_this_read_is_no_failure(
    provider: str, emulators: Emulators
) -> None:
    emulators.accounts[provider].set_script(AccountScript(keys=[], narrow=[KEY]))
    [said] = await verdicts(body(provider, emulators.url))
    assert (said.grade, "restricts it" in said.message) == (Grade.OK, True)


@pytest.mark.parametrize("kind", ["stall", "cut", "garbage", "end"])
async def test_o12_a_provider_that_does_not_answer_is_said_to_be_unreachable_from_here(
    kind: Any, emulators: Emulators, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checks, "DEADLINE_S", 0.2)
    emulators.accounts["Anthropic"].set_script(AccountScript(faults=[Fault(kind=kind, times=None)]))
    [said] = await verdicts(body("Anthropic", emulators.url))
    assert (said.grade, "not reached from here" in said.message) == (Grade.WARNING, True)
    assert "pods may have another way" in said.mend
    assert KEY not in f"{said}"


async def test_o12_nobody_listens_there() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        [said] = await verdicts(body("Anthropic", f"http://127.0.0.1:{taken.getsockname()[1]}"))
    assert "no connection" in said.message


async def test_o12_a_server_without_such_a_read_tells_nothing_of_the_key(emulators: Emulators) -> None:
    [said] = await verdicts(body("OpenAICompatible", emulators.url, base="/other"))
    assert (said.grade, "tells nothing about the key" in said.message) == (Grade.WARNING, True)


@pytest.mark.parametrize("host", ["litellm:4000", "litellm.models.svc:4000", "proxy.models.svc.cluster.local"])
async def test_o12_a_name_of_the_clusters_own_gets_no_key_from_here(host: str) -> None:
    [said] = await verdicts(body("OpenAICompatible", f"http://{host}"))
    assert (said.grade, "is not tried" in said.message) == (Grade.WARNING, True)


@pytest.mark.parametrize("key", ["", " \n", "two\nlines", "schlüssel", "nul\0"])
async def test_o12_what_is_no_key_is_not_sent(key: str, emulators: Emulators) -> None:
    [said] = await verdicts(body("Anthropic", emulators.url), key=key)
    assert (said.grade, "holds no key" in said.message) == (Grade.FAILING, True)
    assert emulators.journal.entries == []


async def test_o12_a_key_that_is_named_often_is_tried_once(emulators: Emulators) -> None:
    first = body("Anthropic", emulators.url, fallbacks=[{"name": "again", "provider": "Embedded"}])
    second = body("Anthropic", emulators.url)
    second["metadata"] = {"name": "concierge"}
    [said] = await verdicts(first, second, key=OTHER)
    assert "receptionist spec" in said.message
    assert "concierge spec" in said.message
    assert len(emulators.journal.entries) == 1


async def test_o12_fallbacks_have_keys_as_well(emulators: Emulators) -> None:
    fallback = {
        "name": "lite",
        "provider": "Gemini",
        "baseURL": emulators.url,
        "apiKeys": [secret("voice-keys", "key")],
    }
    found = await verdicts(body("Anthropic", emulators.url, fallbacks=[fallback]))
    assert [said.message for said in found] == ["Anthropic takes it", "Gemini takes it"]


@pytest.mark.parametrize(
    ("key", "restricted", "grade", "message"),
    [
        (KEY, [], Grade.OK, "Stripe takes it"),
        (KEY, [KEY], Grade.OK, "Stripe knows it, and restricts it"),
        (OTHER, [], Grade.FAILING, "Stripe refuses it with status 401 (receptionist spec.billing.stripe.apiKey)"),
    ],
)
async def test_o12_stripe_is_asked_for_the_account_of_its_key(
    key: str, restricted: list[str], grade: Grade, message: str, emulators: Emulators
) -> None:
    emulators.accounts["Stripe"].set_script(AccountScript(keys=[KEY], narrow=restricted))
    billed = resource(billing={"stripe": {"apiKey": secret("voice-keys", "key"), "meter": "voice"}})
    [(found, where)] = named([billed]).items()
    assert (found.provider, found.base_url, PROBES["Stripe"].endpoint) == ("Stripe", "", "https://api.stripe.com")
    content = {"voice-keys": {"key": base64.b64encode(key.encode()).decode()}}
    [said] = await tried({replace(found, base_url=emulators.url): where}, content)
    assert (said.grade, said.message[: len(message)]) == (grade, message)
    assert [(one.method, one.route) for one in emulators.journal.entries] == [("GET", "/v1/account")]
    assert key not in f"{said}"


@pytest.mark.parametrize("status", [301, 404, 418, 500, 503])
def test_o12_other_answers_say_nothing(status: int) -> None:
    assert {judged(probe, status, "") for probe in PROBES.values()} == {Outcome.UNCLEAR}
