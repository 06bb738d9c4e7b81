"""O4: a certificate that cert-manager gets: what it is asked for, and what is said of the answer."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from parley_operator.api import VoiceDeployment
from parley_operator.api.conditions import ConditionType, Reason
from parley_operator.issuance import issuance
from parley_operator.render import Facts, Finding, ObjectKey, Rendered, render
from parley_operator.render.facts import CertificateFact, Issuance
from parley_operator.render.references import Presence
from parley_operator.render.rendered import ServedCertificate
from parley_operator.views import certificate as certificate_view
from tests.unit.operator.examples import CERT_MANAGER, with_ingress
from tests.unit.operator.facts import FACTS, NOW, of_kind, parse, the, with_values, without_value

HOST = "voice.example.com"
SECRET = "receptionist-certificate"
RENEWAL = NOW + timedelta(days=60)
QUIET = Issuance(failure=None, waiting=None, renew_after=RENEWAL)
REFUSED = Issuance(failure="Failed: the account is suspended", waiting="DoesNotExist: no Secret", renew_after=None)


def asked(**spec: Any) -> VoiceDeployment:
    return parse(with_ingress(ingress={"tls": {"certManager": {**CERT_MANAGER, **spec}}}))


def good(vd: VoiceDeployment, **facts: Any) -> Facts:
    """cert-manager is there, and has delivered."""
    known = replace(with_values(vd), apis=frozenset({"Certificate"}), issued_for="receptionist")
    leaf = CertificateFact((HOST,), NOW + timedelta(days=90))
    return replace(known, **{"served_certificate": leaf, "issuance": QUIET, "tls": None, **facts})


def empty(vd: VoiceDeployment, **facts: Any) -> Facts:
    """cert-manager is there, and there is no Secret yet."""
    known = replace(without_value(vd, SECRET, Presence.OBJECT_MISSING), apis=frozenset({"Certificate"}), tls=None)
    return replace(known, **facts)


def about(rendered: Rendered, condition: ConditionType) -> list[Finding]:
    return [finding for finding in rendered.findings if finding.condition == condition]


def certificate_ready(rendered: Rendered) -> list[Finding]:
    return about(rendered, ConditionType.CERTIFICATE_READY)


def warnings(rendered: Rendered) -> list[str]:
    return [
        finding.message
        for finding in about(rendered, ConditionType.SETTINGS_HONOURED)
        if SECRET in finding.message
    ]


def named_by_ingress(rendered: Rendered) -> str:
    (tls,) = the(rendered, "Ingress")["spec"]["tls"]
    return str(tls["secretName"])


def test_o04_cert_manager_is_asked_for_the_hosts_with_a_key_that_is_never_used_again() -> None:
    vd = asked()
    wanted = the(render(vd, empty(vd)), "Certificate")
    assert wanted["apiVersion"] == "cert-manager.io/v1"
    assert wanted["metadata"]["name"] == "receptionist"
    assert wanted["spec"] == {
        "secretName": SECRET,
        "secretTemplate": {"labels": {"app.kubernetes.io/part-of": "parley", "parley.dev/name": "receptionist"}},
        "dnsNames": [HOST],
        "issuerRef": {"group": "cert-manager.io", "kind": "ClusterIssuer", "name": "letsencrypt"},
        "privateKey": {"algorithm": "ECDSA", "size": 256, "rotationPolicy": "Always"},
        "usages": ["digital signature", "server auth"],
    }


def test_o04_durations_are_said_only_where_the_spec_does() -> None:
    vd = asked(duration="24h", renewBefore="8h")
    spec = the(render(vd, empty(vd)), "Certificate")["spec"]
    assert (spec["duration"], spec["renewBefore"]) == ("24h", "8h")


def test_o04_no_certificate_is_asked_for_hosts_of_another_resource() -> None:
    vd = parse(with_ingress(hosts=[HOST, "theirs.example.com"], ingress={"tls": {"certManager": CERT_MANAGER}}))
    taken = {"theirs.example.com": "default/older"}
    assert the(render(vd, empty(vd, taken_hosts=taken)), "Certificate")["spec"]["dnsNames"] == [HOST]
    nothing_left = empty(vd, taken_hosts={**taken, HOST: "default/older"})
    rendered = render(vd, nothing_left)
    assert of_kind(rendered, "Certificate") == []
    assert ObjectKey("Certificate", "receptionist") not in rendered.keep


def test_o04_the_status_tells_when_it_expires_and_when_cert_manager_renews_it() -> None:
    vd = asked()
    rendered = render(vd, good(vd))
    assert certificate_ready(rendered) == []
    assert warnings(rendered) == []
    assert rendered.certificate == ServedCertificate(SECRET, NOW + timedelta(days=90), RENEWAL)


@pytest.mark.parametrize(
    ("facts", "reason", "says"),
    [
        (
            {"apis": frozenset()},
            Reason.CERT_MANAGER_NOT_SERVED,
            f"Secret {SECRET} does not exist yet: the cluster does not serve Certificate (cert-manager.io/v1)",
        ),
        ({}, Reason.CERTIFICATE_PENDING, "cert-manager has not said anything yet"),
        (
            {"issuance": replace(QUIET, waiting="DoesNotExist: Issuing certificate as Secret does not exist")},
            Reason.CERTIFICATE_PENDING,
            "cert-manager says: DoesNotExist: Issuing certificate as Secret does not exist",
        ),
        ({"issuance": REFUSED}, Reason.ISSUANCE_FAILED, "cert-manager says: Failed: the account is suspended"),
    ],
)
def test_o04_until_there_is_a_certificate_it_is_said_why(facts: dict[str, Any], reason: Reason, says: str) -> None:
    vd = asked()
    rendered = render(vd, empty(vd, **facts))
    (finding,) = certificate_ready(rendered)
    assert (finding.reason, says in finding.message) == (reason, True)
    assert finding.reason.advice
    # HTTPS is not silently off: the Ingress goes on to name the Secret, and pods start.
    assert named_by_ingress(rendered) == SECRET
    assert of_kind(rendered, "Deployment")


@pytest.mark.parametrize(
    ("facts", "says"),
    [
        ({"apis": frozenset()}, "the cluster does not serve Certificate"),
        ({"issuance": replace(REFUSED, waiting=None)}, "the account is suspended"),
    ],
)
def test_o04_a_good_certificate_that_is_not_renewed_is_a_warning(facts: dict[str, Any], says: str) -> None:
    vd = asked()
    rendered = render(vd, good(vd, **facts))
    assert certificate_ready(rendered) == []
    (warning,) = warnings(rendered)
    assert "is good until 2027-02-18 12:00 UTC and is not renewed" in warning
    assert says in warning


@pytest.mark.parametrize(
    ("leaf", "says"),
    [
        (CertificateFact((HOST,), NOW), "expired at 2026-11-20 12:00 UTC"),
        (CertificateFact(("other.example.com",), NOW + timedelta(days=9)), f"is not for {HOST}"),
        (None, "is not a certificate in PEM"),
    ],
)
def test_o04_a_certificate_that_does_not_do_is_said_with_what_cert_manager_says(
    leaf: CertificateFact | None, says: str
) -> None:
    vd = asked()
    said = replace(QUIET, waiting="SecretMismatch: not up to date for spec")
    (finding,) = certificate_ready(render(vd, good(vd, served_certificate=leaf, issuance=said)))
    assert finding.reason is Reason.CERTIFICATE_PENDING
    assert says in finding.message
    assert "cert-manager says: SecretMismatch" in finding.message


@pytest.mark.parametrize("issued_for", [None, "another-certificate"])
def test_o04_a_secret_that_is_somebody_s_is_not_given_to_cert_manager(issued_for: str | None) -> None:
    vd = asked()
    rendered = render(vd, good(vd, issued_for=issued_for, issuance=None))
    (finding,) = certificate_ready(rendered)
    assert finding.reason is Reason.NAME_CONFLICT
    assert of_kind(rendered, "Certificate") == []


def test_o04_the_secret_of_an_earlier_certificate_of_ours_is_taken_up_again() -> None:
    vd = asked()
    rendered = render(vd, good(vd, issuance=None))
    assert of_kind(rendered, "Certificate")
    assert certificate_ready(rendered) == []


SELF_SIGNED: dict[str, Any] = {"selfSigned": {}}
GIVEN = {"secretRef": {"name": "voice"}}
OWN_SECRETS = {ObjectKey("Secret", "receptionist-ca"), ObjectKey("Secret", "receptionist-tls")}


@pytest.mark.parametrize(
    ("tls", "wanted", "before", "kept"),
    [
        ({"certManager": CERT_MANAGER}, SECRET, "receptionist-tls", OWN_SECRETS),
        (GIVEN, "voice", "receptionist-tls", OWN_SECRETS),
        (GIVEN, "voice", SECRET, {ObjectKey("Certificate", "receptionist")}),
        ({"certManager": CERT_MANAGER}, SECRET, "voice", set()),
    ],
)
def test_o04_the_certificate_before_is_served_until_the_new_one_is_there(
    tls: dict[str, Any], wanted: str, before: str, kept: set[ObjectKey]
) -> None:
    vd = parse(with_ingress(ingress={"tls": tls}))
    absent = replace(
        without_value(vd, wanted, Presence.OBJECT_MISSING),
        apis=frozenset({"Certificate"}),
        tls=None,
        ingress_secret=before,
    )
    rendered = render(vd, absent)
    assert named_by_ingress(rendered) == before
    assert kept <= rendered.keep
    (finding,) = certificate_ready(rendered)
    assert finding.message.endswith(f"; until then Secret {before} is served")

    there = replace(
        with_values(vd),
        apis=frozenset({"Certificate"}),
        tls=None,
        ingress_secret=before,
        issued_for="receptionist",
        served_certificate=CertificateFact((HOST,), NOW + timedelta(days=90)),
    )
    rendered = render(vd, there)
    assert named_by_ingress(rendered) == wanted
    assert not kept & rendered.keep
    assert certificate_ready(rendered) == []


@pytest.mark.parametrize("before", ["voice", SECRET])
def test_o04_a_self_signed_certificate_is_served_at_once(before: str) -> None:
    vd = parse(with_ingress(ingress={"tls": SELF_SIGNED}))
    rendered = render(vd, replace(FACTS, ingress_secret=before))
    assert named_by_ingress(rendered) == "receptionist-tls"
    assert rendered.keep == frozenset()


def test_o04_browsers_do_not_insist_on_what_is_served_meanwhile() -> None:
    vd = asked()

    def says_hsts(facts: Facts) -> bool:
        return "receptionist-hsts" in str(render(vd, replace(facts, apis=facts.apis | {"Middleware"})).manifests)

    assert says_hsts(good(vd, ingress_secret="receptionist-tls"))
    assert not says_hsts(empty(vd, ingress_secret="receptionist-tls"))


def live(*conditions: dict[str, Any], generation: int = 2, **status: Any) -> dict[str, Any]:
    """A Certificate as an API server has it."""
    return {"metadata": {"generation": generation}, "status": {"conditions": list(conditions), **status}}


def said(kind: str, status: str, message: str, generation: int = 2) -> dict[str, Any]:
    return {
        "type": kind,
        "status": status,
        "reason": "Because",
        "message": message,
        "observedGeneration": generation,
    }


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"metadata": {"generation": 1}}, Issuance(None, None, None)),
        (live(said("Ready", "True", "up to date")), Issuance(None, None, None)),
        (
            live(said("Ready", "True", "up to date"), renewalTime="2026-12-20T12:00:00Z"),
            Issuance(None, None, datetime(2026, 12, 20, 12, tzinfo=NOW.tzinfo)),
        ),
        (
            live(said("Ready", "False", "missing"), said("Issuing", "True", "now")),
            Issuance(None, "Because: missing", None),
        ),
        (
            live(said("Ready", "False", "missing"), said("Issuing", "False", "refused")),
            Issuance("Because: refused", "Because: missing", None),
        ),
        # Of the spec before: it may well be that another issuer was named since.
        (live(said("Issuing", "False", "refused", generation=1)), Issuance(None, None, None)),
    ],
)
def test_o04_what_cert_manager_says_of_the_certificate_as_it_is_now(
    body: dict[str, Any], expected: Issuance
) -> None:
    assert issuance(certificate_view(body)) == expected
