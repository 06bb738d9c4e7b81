"""Issuing self-signed certificates, and reading any: ECDSA P-256, PEM.

Issuing takes keys and serial numbers from the system's randomness; everything else here is pure.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from parley_operator.render.facts import CertificateFact

AUTHORITY_LIFETIME = timedelta(days=5 * 365)
CERTIFICATE_LIFETIME = timedelta(days=90)
CLOCK_SKEW = timedelta(minutes=5)
"""Certificates begin a little earlier, for clients whose clock is behind."""
_COMMON_NAME_LIMIT = 64


def new_authority(name: str, *, now: datetime) -> tuple[bytes, bytes]:
    """Certificate and key of a new authority that may sign certificates and nothing else."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = _subject(f"{name} authority")
    identifier = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    builder = (
        _builder(subject, key.public_key(), now=now, lifetime=AUTHORITY_LIFETIME)
        .issuer_name(subject)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs_certificates=True), critical=True)
        .add_extension(identifier, critical=False)
    )
    return _pem(builder.sign(key, hashes.SHA256())), _key_pem(key)


def issue(authority: bytes, authority_key: bytes, *, hosts: Sequence[str], now: datetime) -> tuple[bytes, bytes]:
    """Certificate and key of a server with these DNS names, signed by the authority."""
    issuer = x509.load_pem_x509_certificate(authority)
    issuer_key = _private_key(authority_key)
    key = ec.generate_private_key(ec.SECP256R1())
    names = x509.SubjectAlternativeName([x509.DNSName(host) for host in hosts])
    issuer_identifier = x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key())
    builder = (
        _builder(_subject(hosts[0]), key.public_key(), now=now, lifetime=CERTIFICATE_LIFETIME)
        .issuer_name(issuer.subject)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(names, critical=False)
        .add_extension(issuer_identifier, critical=False)
    )
    return _pem(builder.sign(issuer_key, hashes.SHA256())), _key_pem(key)


def describe(pem: bytes) -> CertificateFact | None:
    """Hosts and expiry of the first certificate of a chain; None where it cannot be read."""
    certificate = load(pem)
    if certificate is None:
        return None
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return CertificateFact((), certificate.not_valid_after_utc)
    return CertificateFact(tuple(names.get_values_for_type(x509.DNSName)), certificate.not_valid_after_utc)


def load(pem: bytes) -> x509.Certificate | None:
    """The first certificate of a chain; None where it cannot be read."""
    try:
        return x509.load_pem_x509_certificate(pem)
    except ValueError:
        return None


def matches(certificate: x509.Certificate, key_pem: bytes) -> bool:
    """Whether the key is the certificate's."""
    try:
        return _private_key(key_pem).public_key() == certificate.public_key()
    except (ValueError, TypeError):
        return False


def signed_by(certificate: x509.Certificate, authority: x509.Certificate) -> bool:
    """Whether the authority signed the certificate."""
    try:
        certificate.verify_directly_issued_by(authority)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True


def _builder(
    subject: x509.Name, key: ec.EllipticCurvePublicKey, *, now: datetime, lifetime: timedelta
) -> x509.CertificateBuilder:
    now = now.astimezone(UTC).replace(microsecond=0)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - CLOCK_SKEW)
        .not_valid_after(now + lifetime)
    )


def _subject(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name[:_COMMON_NAME_LIMIT])])


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _private_key(pem: bytes) -> ec.EllipticCurvePrivateKey:
    key = serialization.load_pem_private_key(pem, password=None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise TypeError("not an elliptic-curve key")
    return key


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def _key_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
