"""O4: certificates from cert-manager, with its own definitions on a real API server and a small issuer of ours."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from localcluster import ControlPlane
from parley_operator.render import certificates
from tests.operator import definitions
from tests.operator.cluster import Json, Namespace
from tests.operator.issuer import issuing
from tests.operator.process import OperatorProcess

pytestmark = pytest.mark.controlplane

SECRET = "receptionist-certificate"
CERT_MANAGER = {"certManager": {"issuerRef": {"kind": "ClusterIssuer", "name": "ours"}}}
SELF_SIGNED: dict[str, Any] = {"selfSigned": {}}
GIVEN = {"secretRef": {"name": "voice"}}


@pytest.fixture
def plane(changing_plane: ControlPlane) -> ControlPlane:
    return changing_plane


@pytest.fixture
def operator(cluster_operator: OperatorProcess) -> OperatorProcess:
    return cluster_operator


@pytest.fixture
async def cert_manager(namespace: Namespace) -> None:
    await definitions.install(namespace.client, definitions.cert_manager())


def host(namespace: Namespace) -> str:
    return f"{namespace.name}.example.com"


def endpoint(namespace: Namespace, tls: Json) -> Json:
    return {"hosts": [host(namespace)], "ingress": {"className": "traefik", "tls": tls}}


async def switch(namespace: Namespace, tls: Json) -> None:
    """Name another source: a merge patch leaves what it does not set to null."""
    nothing = dict.fromkeys(("certManager", "selfSigned", "secretRef"))
    await namespace.edit("receptionist", endpoint={"ingress": {"tls": {**nothing, **tls}}})


def named(ingress: Json | None) -> str | None:
    return ingress["spec"]["tls"][0]["secretName"] if ingress else None


async def until_served(namespace: Namespace, secret: str) -> None:
    await namespace.until("Ingress", "receptionist", lambda ingress: named(ingress) == secret)


def leaf(secret: Json) -> bytes:
    return base64.b64decode(secret["data"]["tls.crt"])


@pytest.mark.usefixtures("operator", "cert_manager")
async def test_o04_a_certificate_is_issued_and_renewed(namespace: Namespace) -> None:
    async with issuing(namespace) as issuer:
        await namespace.voice("receptionist", endpoint=endpoint(namespace, CERT_MANAGER))
        said = await namespace.until_condition("receptionist", "CertificateReady", "True", "CertificateValid")
        assert said["message"].startswith(f"Secret {SECRET} is valid until ")
        certificate = await namespace.get("Certificate", "receptionist")
        assert certificate["metadata"]["ownerReferences"][0]["name"] == "receptionist"
        assert certificate["spec"]["dnsNames"] == [host(namespace)]
        assert named(await namespace.get("Ingress", "receptionist")) == SECRET
        known = await namespace.until(
            "VoiceDeployment", "receptionist", lambda vd: "renewAfter" in certificate_of(vd)
        )
        before = certificate_of(known)
        assert before["secretName"] == SECRET
        assert before["renewAfter"] < before["notAfter"]
        template = (await namespace.get("Deployment", "receptionist"))["metadata"]["generation"]

        await issuer.issue(certificate, age=timedelta())
        await namespace.until("VoiceDeployment", "receptionist", lambda vd: is_later(certificate_of(vd), before))
        assert (await namespace.get("Deployment", "receptionist"))["metadata"]["generation"] == template


def is_later(certificate: Json, before: Json) -> bool:
    """The Secret tells of the new end, the Certificate of the new renewal: which first, nobody knows."""
    return all(certificate.get(moment, "") > before[moment] for moment in ("notAfter", "renewAfter"))


def certificate_of(vd: Json | None) -> Json:
    found: Json = ((vd or {}).get("status") or {}).get("certificate") or {}
    return found


@pytest.mark.usefixtures("operator", "cert_manager")
async def test_o04_a_refusal_is_said_in_the_issuer_s_words_and_mended_by_itself(namespace: Namespace) -> None:
    async with issuing(namespace, refusal="the account is suspended") as issuer:
        await namespace.voice("receptionist", endpoint=endpoint(namespace, CERT_MANAGER))
        said = await namespace.until_condition("receptionist", "CertificateReady", "False", "IssuanceFailed")
        assert f"Secret {SECRET} does not exist yet" in said["message"]
        assert "will be retried: the account is suspended" in said["message"]
        await namespace.until_condition("receptionist", "Ready", "False", "IssuanceFailed")
        assert await namespace.find("Deployment", "receptionist")
        await issuer.relent("receptionist")
        await namespace.until_condition("receptionist", "CertificateReady", "True", "CertificateValid")

        await issuer.fail(await namespace.get("Certificate", "receptionist"), "the account is suspended again")
        said = await namespace.until_condition("receptionist", "SettingsHonoured", "False", "IssuanceFailed")
        assert "is not renewed: cert-manager says: Failed: " in said["message"]
        await namespace.until_condition("receptionist", "CertificateReady", "True", "CertificateValid")


@pytest.mark.usefixtures("operator", "cert_manager")
async def test_o04_one_that_expired_is_said(namespace: Namespace) -> None:
    async with issuing(namespace) as issuer:
        await namespace.voice("receptionist", endpoint=endpoint(namespace, CERT_MANAGER))
        await namespace.until_condition("receptionist", "CertificateReady", "True")
        await issuer.issue(await namespace.get("Certificate", "receptionist"), age=timedelta(days=91))
        said = await namespace.until_condition("receptionist", "CertificateReady", "False", "CertificatePending")
        assert f"the certificate in Secret {SECRET} expired at " in said["message"]


@pytest.mark.usefixtures("operator")
async def test_o04_cert_manager_may_come_and_go(namespace: Namespace) -> None:
    await definitions.remove(namespace.client, definitions.cert_manager())
    await namespace.voice("receptionist", endpoint=endpoint(namespace, CERT_MANAGER))
    said = await namespace.until_condition("receptionist", "CertificateReady", "False", "CertManagerNotServed")
    assert "the cluster does not serve Certificate (cert-manager.io/v1)" in said["message"]
    await until_served(namespace, SECRET)  # HTTPS is not silently off

    await definitions.install(namespace.client, definitions.cert_manager())
    async with issuing(namespace):
        await namespace.until_condition("receptionist", "CertificateReady", "True")
    await definitions.remove(namespace.client, definitions.cert_manager())
    said = await namespace.until_condition("receptionist", "SettingsHonoured", "False", "CertManagerNotServed")
    assert "is good until" in said["message"]
    await namespace.until_condition("receptionist", "CertificateReady", "True")

    await definitions.install(namespace.client, definitions.cert_manager())
    await namespace.until_exists("Certificate", "receptionist")


@pytest.mark.usefixtures("operator", "cert_manager")
async def test_o04_a_certificate_that_somebody_edits_or_deletes_comes_back(namespace: Namespace) -> None:
    await namespace.voice("receptionist", endpoint=endpoint(namespace, CERT_MANAGER))
    made = await namespace.until_exists("Certificate", "receptionist")
    await namespace.patch("Certificate", "receptionist", {"spec": {"dnsNames": ["theirs.example.com"]}})
    await namespace.until("Certificate", "receptionist", lambda c: bool(c) and names(c) == [host(namespace)])
    await namespace.delete("Certificate", "receptionist")
    uid = made["metadata"]["uid"]
    await namespace.until("Certificate", "receptionist", lambda c: c is not None and c["metadata"]["uid"] != uid)


def names(certificate: Json | None) -> list[str]:
    return list(certificate["spec"]["dnsNames"]) if certificate else []


@pytest.mark.usefixtures("operator", "cert_manager")
async def test_o04_another_source_is_served_once_it_has_delivered(namespace: Namespace) -> None:
    """Never is there no certificate, and what is not needed any more goes."""
    await namespace.voice("receptionist", endpoint=endpoint(namespace, SELF_SIGNED))
    await until_served(namespace, "receptionist-tls")

    await switch(namespace, CERT_MANAGER)
    said = await namespace.until_condition("receptionist", "CertificateReady", "False", "CertificatePending")
    assert said["message"].endswith("; until then Secret receptionist-tls is served")
    assert named(await namespace.get("Ingress", "receptionist")) == "receptionist-tls"
    assert await namespace.find("Secret", "receptionist-tls")
    async with issuing(namespace):
        await until_served(namespace, SECRET)
        await namespace.until_gone("Secret", "receptionist-tls")
        await namespace.until_gone("Secret", "receptionist-ca")
        await namespace.until_condition("receptionist", "CertificateReady", "True")

    await switch(namespace, GIVEN)
    said = await namespace.until_condition("receptionist", "CertificateReady", "False", "SecretNotFound")
    assert said["message"].endswith(f"; until then Secret {SECRET} is served")
    assert await namespace.find("Certificate", "receptionist")
    authority = certificates.new_authority("theirs", now=datetime.now(UTC))
    pem, key = certificates.issue(*authority, hosts=[host(namespace)], now=datetime.now(UTC))
    await namespace.secret("voice", **{"tls.crt": pem.decode(), "tls.key": key.decode()})
    await until_served(namespace, "voice")
    await namespace.until_gone("Certificate", "receptionist")
    # cert-manager's Secret is cert-manager's to keep or to delete.
    assert await namespace.find("Secret", SECRET)

    await switch(namespace, SELF_SIGNED)
    await until_served(namespace, "receptionist-tls")
    await namespace.until_condition("receptionist", "CertificateReady", "True", "CertificateValid")
    assert leaf(await namespace.get("Secret", "voice")) == pem


@pytest.mark.usefixtures("operator", "cert_manager")
async def test_o04_a_user_s_secret_of_that_name_is_left_alone(namespace: Namespace) -> None:
    await namespace.secret(SECRET, **{"tls.crt": "theirs", "tls.key": "theirs"})
    async with issuing(namespace):
        await namespace.voice("receptionist", endpoint=endpoint(namespace, CERT_MANAGER))
        said = await namespace.until_condition("receptionist", "CertificateReady", "False", "NameConflict")
        assert f"Secret {SECRET} exists and is not cert-manager's" in said["message"]
        assert leaf(await namespace.get("Secret", SECRET)) == b"theirs"
        assert await namespace.find("Certificate", "receptionist") is None
        await namespace.delete("Secret", SECRET)
        await namespace.until_condition("receptionist", "CertificateReady", "True")
