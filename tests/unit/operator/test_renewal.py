"""O4: self-signed certificates, made, renewed in time, and trusted throughout."""

from __future__ import annotations

import socket
import ssl
import threading
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from parley_operator.render import certificates
from parley_operator.render.facts import TlsMaterial
from parley_operator.render.renewal import RENEW_BEFORE, reason_to_issue, renew_after, renewed
from parley_operator.render.tls import authorities
from tests.unit.operator.facts import NOW

HOSTS = ("voice.example.com", "calls.example.com")
DAY = timedelta(days=1)


def made(now: datetime = NOW, material: TlsMaterial | None = None, hosts: tuple[str, ...] = HOSTS) -> TlsMaterial:
    return renewed(material, name="receptionist", hosts=hosts, now=now, seed="7d8f")


@pytest.fixture(scope="module")
def material() -> TlsMaterial:
    # From the present, since a real handshake looks at the real clock.
    return made(datetime.now(NOW.tzinfo))


def handshake(material: TlsMaterial, trusted: bytes, host: str, folder: Path) -> str | None:
    """A real TLS handshake over a socket pair; what the client found wrong, or None."""
    (folder / "tls.crt").write_bytes(material.certificate)
    (folder / "tls.key").write_bytes(material.key)
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(folder / "tls.crt", folder / "tls.key")
    client = ssl.create_default_context(cadata=trusted.decode())
    client.verify_flags |= ssl.VERIFY_X509_STRICT
    near, far = socket.socketpair()
    near.settimeout(10)
    far.settimeout(10)

    def serve() -> None:
        try:
            server.wrap_socket(far, server_side=True).close()
        except (ssl.SSLError, OSError):
            far.close()

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        client.wrap_socket(near, server_hostname=host).close()
    except ssl.SSLCertVerificationError as error:
        return error.verify_message
    finally:
        near.close()
        thread.join(10)
    return None


def test_o04_clients_that_trust_ca_crt_accept_the_certificate(material: TlsMaterial, tmp_path: Path) -> None:
    for host in HOSTS:
        assert handshake(material, authorities(material), host, tmp_path) is None


def test_o04_it_is_for_its_hosts_alone(material: TlsMaterial, tmp_path: Path) -> None:
    refused = handshake(material, authorities(material), "other.example.com", tmp_path)
    assert refused is not None
    assert "other.example.com" in refused


def test_o04_another_resource_s_authority_does_not_vouch_for_it(material: TlsMaterial, tmp_path: Path) -> None:
    stranger = made(datetime.now(NOW.tzinfo))
    assert handshake(material, authorities(stranger), HOSTS[0], tmp_path) is not None


def test_o04_nothing_is_made_while_nothing_is_due() -> None:
    first = made()
    assert made(NOW + DAY, first) is first
    assert reason_to_issue(first, hosts=HOSTS[::-1], now=NOW, seed="7d8f") is None


def test_o04_it_is_renewed_30_days_before_it_expires() -> None:
    first = made()
    described = certificates.describe(first.certificate)
    assert described is not None
    assert described.hosts == HOSTS
    due = renew_after(described.not_after, seed="7d8f")
    assert RENEW_BEFORE <= described.not_after - due <= RENEW_BEFORE + DAY
    assert made(due - timedelta(seconds=1), first) is first
    second = made(due, first)
    assert second.certificate != first.certificate
    assert second.ca_certificate == first.ca_certificate


def test_o04_resources_made_together_are_renewed_over_a_day() -> None:
    dues = {renew_after(NOW, seed=f"uid-{number}") for number in range(100)}
    assert len(dues) > 95
    assert max(dues) - min(dues) > timedelta(hours=20)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"certificate": b""}, "the certificate cannot be read"),
        ({"certificate": b"-----BEGIN CERTIFICATE-----\nnonsense"}, "the certificate cannot be read"),
        ({"key": b""}, "the key does not belong to the certificate"),
    ],
)
def test_o04_what_is_damaged_is_made_anew(change: dict[str, bytes], reason: str) -> None:
    damaged = replace(made(), **change)
    assert reason_to_issue(damaged, hosts=HOSTS, now=NOW, seed="7d8f") == reason
    assert reason_to_issue(made(NOW, damaged), hosts=HOSTS, now=NOW, seed="7d8f") is None


def test_o04_another_s_key_is_noticed() -> None:
    mixed = replace(made(), key=made().key)
    assert (
        reason_to_issue(mixed, hosts=HOSTS, now=NOW, seed="7d8f") == "the key does not belong to the certificate"
    )


def test_o04_a_certificate_of_another_authority_is_noticed() -> None:
    other = made()
    mixed = replace(made(), certificate=other.certificate, key=other.key)
    assert reason_to_issue(mixed, hosts=HOSTS, now=NOW, seed="7d8f") == "another authority signed the certificate"


def test_o04_changed_hosts_get_a_new_certificate_of_the_same_authority() -> None:
    first = made()
    second = made(NOW, first, hosts=("new.example.com",))
    assert second.ca_certificate == first.ca_certificate
    described = certificates.describe(second.certificate)
    assert described is not None
    assert described.hosts == ("new.example.com",)


def test_o04_a_damaged_authority_is_replaced() -> None:
    damaged = replace(made(), ca_key=b"nonsense")
    assert made(NOW, damaged).ca_certificate != damaged.ca_certificate


def test_o04_an_operator_that_was_down_for_years_starts_afresh() -> None:
    later = NOW + 10 * 365 * DAY
    material = made(later, made())
    assert reason_to_issue(material, hosts=HOSTS, now=later, seed="7d8f") is None


def test_o04_a_client_that_fetches_ca_crt_monthly_trusts_every_certificate_for_twelve_years() -> None:
    """The certificate is always signed by an authority that ca.crt named a month before."""
    step, month = 5, 6
    material = made()
    published = [authorities(material)] * month
    seen = {material.ca_certificate}
    for day in range(0, 12 * 365, step):
        now = NOW + day * DAY
        material = made(now, material)
        published.append(authorities(material))
        seen.add(material.ca_certificate)
        certificate = certificates.load(material.certificate)
        assert certificate is not None
        assert certificate.not_valid_after_utc - now > RENEW_BEFORE - step * DAY
        trusted = [certificates.load(pem) for pem in split(published[-month])]
        signers = [ca for ca in trusted if ca and certificates.signed_by(certificate, ca)]
        assert signers, f"day {day}: nobody who fetched ca.crt a month ago trusts the certificate"
        assert all(ca.not_valid_after_utc >= certificate.not_valid_after_utc for ca in signers)
    assert len(seen) >= 3


def split(bundle: bytes) -> list[bytes]:
    end = b"-----END CERTIFICATE-----\n"
    return [part + end for part in bundle.split(end) if part.strip()]
