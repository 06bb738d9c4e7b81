"""When a self-signed certificate is made anew, and how one authority replaces another.

An authority's successor is published for a month before it signs anything, so that clients which fetch ca.crt
now and then trust it in time; its predecessor is published until it expires.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from cryptography import x509

from parley_operator.render import certificates
from parley_operator.render.facts import TlsMaterial

RENEW_BEFORE = timedelta(days=30)
JITTER = timedelta(days=1)
"""Resources made together are renewed over a day, rather than in one second."""
SUCCESSOR_BEFORE = timedelta(days=180)
"""An authority's successor is made this long before the authority expires."""
SUCCESSOR_WAITS = timedelta(days=30)
"""A successor is published this long before it signs."""


@dataclass(frozen=True)
class Situation:
    """What the checks look at."""

    material: TlsMaterial
    certificate: x509.Certificate | None
    hosts: tuple[str, ...]
    now: datetime
    seed: str


def renew_after(not_after: datetime, *, seed: str) -> datetime:
    """When a certificate is renewed: 30 days before it expires, and up to one more by the resource's own lot."""
    lot = int.from_bytes(hashlib.sha256(seed.encode()).digest()[:4]) / 2**32
    return (not_after - RENEW_BEFORE - lot * JITTER).replace(microsecond=0)


def unreadable(at: Situation) -> str | None:
    """The certificate cannot be read."""
    return None if at.certificate else "the certificate cannot be read"


def wrong_key(at: Situation) -> str | None:
    """The key is another certificate's."""
    if at.certificate and certificates.matches(at.certificate, at.material.key):
        return None
    return "the key does not belong to the certificate"


def wrong_hosts(at: Situation) -> str | None:
    """The endpoint's hosts are others."""
    described = certificates.describe(at.material.certificate)
    return None if described and set(described.hosts) == set(at.hosts) else "the hosts changed"


def wrong_issuer(at: Situation) -> str | None:
    """No published authority signed it."""
    published = (at.material.ca_certificate, at.material.previous_ca_certificate)
    authorities = [certificates.load(pem) for pem in published if pem]
    if at.certificate and any(ca and certificates.signed_by(at.certificate, ca) for ca in authorities):
        return None
    return "another authority signed the certificate"


def expires_soon(at: Situation) -> str | None:
    """It is time."""
    if at.certificate and at.now < renew_after(at.certificate.not_valid_after_utc, seed=at.seed):
        return None
    return "the certificate expires soon"


CHECKS: tuple[Callable[[Situation], str | None], ...] = (
    unreadable,
    wrong_key,
    wrong_hosts,
    wrong_issuer,
    expires_soon,
)
"""Why a certificate is made anew; the first that says something is the reason."""


def reason_to_issue(material: TlsMaterial, *, hosts: Sequence[str], now: datetime, seed: str) -> str | None:
    """Why the certificate must be made anew; None while it is good."""
    certificate = certificates.load(material.certificate)
    situation = Situation(material, certificate, tuple(hosts), now, seed)
    return next((reason for check in CHECKS if (reason := check(situation))), None)


def renewed(
    material: TlsMaterial | None, *, name: str, hosts: Sequence[str], now: datetime, seed: str
) -> TlsMaterial:
    """The material that should be: the same object while nothing is due.

    Args:
        material: what there is; None where there is nothing.
        name: the resource's name, for the authority's.
        hosts: DNS names of the endpoint.
        now: the time, in UTC.
        seed: what the resource's lot is drawn from: its uid.
    """
    if material is None or not _usable(material, now):
        return _from_scratch(name, hosts, now)
    material = _with_authorities(material, name, now)
    if reason_to_issue(material, hosts=hosts, now=now, seed=seed) is None:
        return material
    certificate, key = certificates.issue(material.ca_certificate, material.ca_key, hosts=hosts, now=now)
    return replace(material, certificate=certificate, key=key)


def _usable(material: TlsMaterial, now: datetime) -> bool:
    """Whether the authority can still sign a certificate that it outlives."""
    authority = certificates.load(material.ca_certificate)
    if authority is None or not certificates.matches(authority, material.ca_key):
        return False
    return authority.not_valid_after_utc > now + certificates.CERTIFICATE_LIFETIME


def _from_scratch(name: str, hosts: Sequence[str], now: datetime) -> TlsMaterial:
    authority, authority_key = certificates.new_authority(name, now=now)
    certificate, key = certificates.issue(authority, authority_key, hosts=hosts, now=now)
    return TlsMaterial(ca_certificate=authority, ca_key=authority_key, certificate=certificate, key=key)


def _with_authorities(material: TlsMaterial, name: str, now: datetime) -> TlsMaterial:
    """The authorities as they should be now: a successor in time, promoted in time, a predecessor forgotten."""
    material = _without_expired_predecessor(material, now)
    next_certificate, next_key = material.next_ca_certificate, material.next_ca_key
    successor = certificates.load(next_certificate) if next_certificate else None
    if successor is None or next_certificate is None or next_key is None:
        if _expiry(material.ca_certificate) - now > SUCCESSOR_BEFORE:
            return material
        certificate, key = certificates.new_authority(name, now=now)
        return replace(material, next_ca_certificate=certificate, next_ca_key=key)
    if now < successor.not_valid_before_utc + SUCCESSOR_WAITS:
        return material
    return replace(
        material,
        ca_certificate=next_certificate,
        ca_key=next_key,
        next_ca_certificate=None,
        next_ca_key=None,
        previous_ca_certificate=material.ca_certificate,
    )


def _without_expired_predecessor(material: TlsMaterial, now: datetime) -> TlsMaterial:
    predecessor = material.previous_ca_certificate
    if predecessor is None or _expiry(predecessor) > now:
        return material
    return replace(material, previous_ca_certificate=None)


def _expiry(pem: bytes) -> datetime:
    """When a certificate expires; one that cannot be read has."""
    certificate = certificates.load(pem)
    return certificate.not_valid_after_utc if certificate else datetime.min.replace(tzinfo=UTC)
