"""What is wrong is said in words a person can act on, and pods that run go on."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from parley_operator.api import VoiceDeployment
from parley_operator.api.conditions import ConditionType, Reason
from parley_operator.render import Facts, Finding, ObjectKey, Rendered, render
from parley_operator.render.facts import CertificateFact
from parley_operator.render.references import Presence
from tests.unit.operator.examples import FULL_SPEC, KEYED_STT, resource, secret, with_ingress, with_pipeline
from tests.unit.operator.facts import (
    FACTS,
    INGRESS_NGINX,
    NOW,
    TRAEFIK,
    UNKNOWN,
    of_kind,
    parse,
    the,
    with_values,
    without_value,
)


def about(rendered: Rendered, condition: ConditionType) -> list[Finding]:
    return [finding for finding in rendered.findings if finding.condition == condition]


def test_a_minimal_resource_leaves_nothing_to_say() -> None:
    assert render(parse(resource()), FACTS).findings == ()


@pytest.mark.parametrize(
    ("presence", "reason", "message"),
    [
        (
            Presence.OBJECT_MISSING,
            Reason.SECRET_NOT_FOUND,
            "Secret keys does not exist: spec.pipeline.stt.apiKeys[0].secretKeyRef needs it",
        ),
        (
            Presence.KEY_MISSING,
            Reason.KEY_NOT_FOUND,
            "Secret keys has no key deepgram: spec.pipeline.stt.apiKeys[0].secretKeyRef needs it",
        ),
        (
            Presence.EMPTY,
            Reason.KEY_EMPTY,
            "key deepgram of Secret keys is empty: spec.pipeline.stt.apiKeys[0].secretKeyRef needs it",
        ),
    ],
)
def test_o05_a_missing_credential_is_named_and_holds_the_deployment(
    presence: Presence, reason: Reason, message: str
) -> None:
    vd = parse(with_pipeline(stt=KEYED_STT))
    rendered = render(vd, without_value(vd, "keys", presence))
    assert about(rendered, ConditionType.CREDENTIALS_READY) == [
        Finding(ConditionType.CREDENTIALS_READY, reason, message)
    ]
    assert of_kind(rendered, "Deployment") == []
    assert ObjectKey("Deployment", "receptionist") in rendered.keep
    assert rendered.scale is None


def test_o05_a_held_deployment_can_still_be_suspended() -> None:
    vd = parse(with_pipeline(stt=KEYED_STT) | {"spec": {**with_pipeline(stt=KEYED_STT)["spec"], "suspend": True}})
    rendered = render(vd, replace(without_value(vd, "keys", Presence.EMPTY), replicas=3))
    assert rendered.scale is not None
    assert rendered.scale["spec"] == {"replicas": 0}


def test_o05_a_changed_credential_rolls_the_pods_and_shows_nothing() -> None:
    vd = parse(with_pipeline(stt=KEYED_STT))
    before, after = (the(render(vd, with_values(vd, {"deepgram": key})), "Deployment") for key in ("one", "two"))
    annotation = before["spec"]["template"]["metadata"]["annotations"].pop("parley.dev/credentials")
    assert annotation != after["spec"]["template"]["metadata"]["annotations"].pop("parley.dev/credentials")
    assert before == after


def test_o05_changed_instructions_and_certificates_roll_nothing() -> None:
    document = resource(**{**FULL_SPEC, "agent": {"instructionsFrom": secret("prompts", "agent.txt")}})
    vd = parse(document)
    first = with_values(vd, {"agent.txt": "be kind", "tls.crt": "one"})
    second = with_values(vd, {"agent.txt": "be brief", "tls.crt": "two"})
    assert the(render(vd, first), "Deployment") == the(render(vd, second), "Deployment")


def given_certificate(hosts: tuple[str, ...], days: int) -> tuple[VoiceDeployment, Facts]:
    vd = parse(with_ingress(ingress={"tls": {"secretRef": {"name": "voice"}}}))
    fact = CertificateFact(hosts, NOW + timedelta(days=days))
    return vd, replace(with_values(vd), served_certificate=fact)


@pytest.mark.parametrize(
    "hosts", [("voice.example.com",), ("*.example.com",), ("other.example.com", "VOICE.example.com")]
)
def test_o04_a_certificate_that_covers_the_host_is_fine(hosts: tuple[str, ...]) -> None:
    assert about(render(*given_certificate(hosts, 10)), ConditionType.CERTIFICATE_READY) == []


@pytest.mark.parametrize(
    ("hosts", "days", "reason"),
    [
        (("other.example.com",), 10, Reason.HOST_NOT_COVERED),
        (("*.voice.example.com",), 10, Reason.HOST_NOT_COVERED),
        (("voice.example.com",), -1, Reason.CERTIFICATE_EXPIRED),
    ],
)
def test_o04_a_certificate_that_does_not_fit_is_said(hosts: tuple[str, ...], days: int, reason: Reason) -> None:
    (finding,) = about(render(*given_certificate(hosts, days)), ConditionType.CERTIFICATE_READY)
    assert finding.reason == reason
    assert "Secret voice" in finding.message


def test_o04_a_missing_certificate_stops_no_pod() -> None:
    vd = parse(with_ingress(ingress={"tls": {"secretRef": {"name": "voice"}}}))
    rendered = render(vd, without_value(vd, "voice", Presence.OBJECT_MISSING))
    (finding,) = about(rendered, ConditionType.CERTIFICATE_READY)
    assert finding.reason == Reason.SECRET_NOT_FOUND
    assert of_kind(rendered, "Deployment")


def test_o04_what_is_no_certificate_is_said() -> None:
    vd = parse(with_ingress(ingress={"tls": {"secretRef": {"name": "voice"}}}))
    (finding,) = about(render(vd, with_values(vd)), ConditionType.CERTIFICATE_READY)
    assert finding.reason == Reason.CERTIFICATE_UNREADABLE


def test_o02_a_host_of_an_older_resource_is_left_to_it() -> None:
    vd = parse(with_ingress(hosts=["mine.example.com", "theirs.example.com"]))
    rendered = render(vd, replace(FACTS, taken_hosts={"theirs.example.com": "default/older"}))
    (finding,) = about(rendered, ConditionType.ENDPOINT_READY)
    assert finding.reason == Reason.HOST_CONFLICT
    assert finding.message == "theirs.example.com belongs to the older VoiceDeployment default/older"
    assert [rule["host"] for rule in the(rendered, "Ingress")["spec"]["rules"]] == ["mine.example.com"]
    assert [url for _, url in rendered.endpoints] == ["ws://mine.example.com/v1/voice"]


def test_o02_with_no_host_left_there_is_no_ingress() -> None:
    vd = parse(with_ingress())
    rendered = render(vd, replace(FACTS, taken_hosts={"voice.example.com": "default/older"}))
    assert of_kind(rendered, "Ingress") == []
    assert rendered.endpoints == ()


@pytest.mark.parametrize(
    ("ingress", "message"),
    [
        ({"className": "nope"}, "there is no IngressClass nope: correct endpoint.ingress.className"),
        ({}, "the cluster has no default IngressClass: set endpoint.ingress.className"),
    ],
)
def test_o03_a_class_that_does_not_exist_is_said(ingress: dict[str, Any], message: str) -> None:
    rendered = render(parse(with_ingress(ingress=ingress)), replace(FACTS, ingress_class=None))
    assert rendered.findings == (Finding(ConditionType.ENDPOINT_READY, Reason.INGRESS_CLASS_NOT_FOUND, message),)


@pytest.mark.parametrize("ingress_class", [TRAEFIK, INGRESS_NGINX, UNKNOWN])
def test_o03_what_somebody_has_acknowledged_is_not_said_again(ingress_class: Any) -> None:
    facts = replace(FACTS, ingress_class=ingress_class)
    assert render(parse(with_ingress()), facts).findings
    assert not render(parse(with_ingress(controllerAdvice="Acknowledged")), facts).findings


@pytest.mark.parametrize(
    ("ingress_class", "setting"),
    [
        (TRAEFIK, "entryPoints.NAME.transport.lifeCycle.graceTimeOut"),
        (INGRESS_NGINX, "worker-shutdown-timeout"),
        (UNKNOWN, "endpoint.ingress.annotations"),
    ],
)
def test_o03_what_a_controller_does_not_take_names_the_setting(ingress_class: Any, setting: str) -> None:
    rendered = render(parse(with_ingress()), replace(FACTS, ingress_class=ingress_class))
    assert any(setting in finding.message for finding in about(rendered, ConditionType.SETTINGS_HONOURED))


def with_deadlines(**deadlines: dict[str, str]) -> dict[str, Any]:
    return with_pipeline(deadlines=deadlines)


@pytest.mark.parametrize("stage", ["llm", "tts"])
@pytest.mark.parametrize("field", ["connect", "firstByte", "betweenBytes"])
def test_g10_a_deadline_that_the_longest_silence_cuts_short_is_told_with_both_fields(
    stage: str, field: str
) -> None:
    body = with_deadlines(**{stage: {field: "40s"}})
    [finding] = render(parse(body), FACTS).findings
    assert (finding.condition, finding.reason) == (ConditionType.SETTINGS_HONOURED, Reason.DEADLINE_CUT_SHORT)
    assert f"pipeline.deadlines.{stage}.{field} is 40s" in finding.message
    assert "turnTaking.longestSilence is 30s by default" in finding.message


@pytest.mark.parametrize(
    ("silence", "tool", "is_told"),
    [("39s", None, True), ("40s", None, False), ("1s", "15s", False), ("1s", "14s", True), ("50s", "14s", False)],
)
def test_g10_what_counts_is_the_longer_of_the_longest_silence_and_the_slowest_tool(
    silence: str, tool: str | None, is_told: bool
) -> None:
    body = with_deadlines(tts={"firstByte": "40s"})
    body["spec"]["turnTaking"] = {"longestSilence": silence}
    if tool:
        http = {"name": "book", "type": "HTTP", "http": {"url": "https://example.com", "description": "d"}}
        body["spec"]["agent"]["tools"] = [{**http, "timeout": tool}]
    findings = render(parse(body), FACTS).findings
    assert bool(findings) == is_told
    assert all(f"turnTaking.longestSilence is {silence}" in finding.message for finding in findings)


def test_g10_recognition_may_be_silent_for_longer_than_any_answer() -> None:
    assert render(parse(with_deadlines(stt={"firstByte": "5m"})), FACTS).findings == ()


def test_every_reason_that_is_a_finding_says_what_to_do() -> None:
    vd = parse(with_pipeline(stt=KEYED_STT))
    for finding in render(vd, without_value(vd, "keys", Presence.KEY_MISSING)).findings:
        assert finding.reason.advice
