"""The certificate that is served at an address: its names, dates and chain, and whether it is the Secret's."""

from __future__ import annotations

import asyncio
import ssl
from datetime import UTC, datetime

from parley_cli.checks.certificate import SOON, Held
from parley_cli.checks.verdict import Verdict, failing, ok, warning
from parley_operator.render.certificate_findings import covers
from parley_operator.render.certificates import describe, load
from parley_operator.render.facts import CertificateFact

CONNECT_S = 5.0
_EXPIRED = 10
"""X509_V_ERR_CERT_HAS_EXPIRED; the names of these numbers are OpenSSL's."""
_OTHER_HOST = 62
"""X509_V_ERR_HOSTNAME_MISMATCH."""


async def served(host: str, port: int, *, at: str, held: Held) -> list[Verdict]:
    """What a client sees that opens `host` at the address `at`."""
    try:
        pem = await _leaf(host, port, at, _verifying(held))
        refusal: ssl.SSLCertVerificationError | None = None
    except ssl.SSLCertVerificationError as error:
        refusal = error
        try:
            pem = await _leaf(host, port, at, _lenient())
        except (OSError, TimeoutError) as silent:
            return [_silent(host, port, silent)]
    except (OSError, TimeoutError) as error:
        return [_silent(host, port, error)]
    found = describe(pem)
    if found is None:
        return [failing(host, "serves no certificate that can be read", "look at the ingress controller's logs")]
    strange = _strange(host, pem, held, found)
    return [strange] if strange else [_judged(host, found, refusal, held)]


def _verifying(held: Held) -> ssl.SSLContext:
    """As a client does that trusts the Secret's own authority as well."""
    context = ssl.create_default_context()
    if held.authority:
        context.load_verify_locations(cadata=held.authority.decode("ascii", errors="replace"))
    return context


def _lenient() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


async def _leaf(host: str, port: int, at: str, context: ssl.SSLContext) -> bytes:
    """In PEM. Raises OSError, of which ssl.SSLCertVerificationError is one, and TimeoutError."""
    async with asyncio.timeout(CONNECT_S):
        _, writer = await asyncio.open_connection(at, port, ssl=context, server_hostname=host)
    try:
        return ssl.DER_cert_to_PEM_cert(writer.get_extra_info("ssl_object").getpeercert(binary_form=True)).encode()
    finally:
        writer.transport.abort()


def _silent(host: str, port: int, error: Exception) -> Verdict:
    mend = "check the ingress controller, its load balancer, and firewalls in between"
    return failing(host, f"port {port} does not answer: {type(error).__name__}", mend)


def _strange(host: str, pem: bytes, held: Held, found: CertificateFact) -> Verdict | None:
    """Another certificate than the Secret's, such as the controller's default one."""
    leaf, seen = load(held.chain), load(pem)
    if leaf is None or leaf == seen:
        return None
    said = f"serves another certificate than Secret {held.secret} holds: one for {_names(found)}, {_until(found)}"
    mend = "see whether the controller has taken the Secret (its logs), and whether the name leads to this cluster"
    return failing(host, said, mend)


def _judged(
    host: str, found: CertificateFact, refusal: ssl.SSLCertVerificationError | None, held: Held
) -> Verdict:
    mend = "look at CertificateReady"
    if found.not_after <= datetime.now(UTC) or (refusal and refusal.verify_code == _EXPIRED):
        return failing(host, f"its certificate, or one of its chain, has expired ({_until(found)})", mend)
    if not covers(found, host) or (refusal and refusal.verify_code == _OTHER_HOST):
        return failing(host, f"its certificate is for {_names(found)}, and not for {host}", mend)
    if refusal and not (held.is_self_signed and not held.authority):
        chain = "put the whole chain into tls.crt: the leaf, then each authority below the root"
        private = "clients of a private authority must be told to trust it"
        said = f"its certificate is not trusted here: {refusal.verify_message}"
        return failing(host, said, f"{chain}; {private}")
    trust = "is signed by the operator" if held.is_self_signed else "is trusted"
    left = found.not_after - datetime.now(UTC)
    if left < SOON:
        return warning(host, f"its certificate expires in {left.days} days", mend)
    return ok(host, f"its certificate {trust}, for {_names(found)}, {_until(found)}")


def _names(found: CertificateFact) -> str:
    return ", ".join(found.hosts) or "no host"


def _until(found: CertificateFact) -> str:
    return f"until {found.not_after:%Y-%m-%d}"
