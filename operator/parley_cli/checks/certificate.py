"""The certificate that an endpoint should serve: what its Secret holds, and what cert-manager says of it."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from parley_cli.checks.verdict import Verdict, failing, ok, warning
from parley_cli.cluster import Cluster
from parley_operator import views
from parley_operator.api import InvalidResourceError, VoiceDeployment
from parley_operator.issuance import issuance
from parley_operator.kube.discovery import UnknownKindError
from parley_operator.kube.errors import ForbiddenError, NotFoundError
from parley_operator.kube.objects import Json
from parley_operator.render.apis import OPTIONAL
from parley_operator.render.certificate_findings import covers
from parley_operator.render.certificates import describe
from parley_operator.render.names import base_name
from parley_operator.render.served_secret import cert_manager, tls_secret_name

SOON = timedelta(days=14)
"""Time left in which a certificate should have been renewed."""


@dataclass(frozen=True, slots=True)
class Held:
    """The Secret of an endpoint's certificate, without its key; empty where it was not read, or is not named."""

    secret: str = ""
    chain: bytes = b""
    """The leaf first, in PEM."""
    authority: bytes = b""
    """What clients are to trust beside what they trust already, in PEM."""
    is_self_signed: bool = False
    """Whether the operator signs it: no client trusts it by itself."""


async def certificate(cluster: Cluster, body: Json) -> tuple[list[Verdict], Held]:
    """Of one resource; nothing where no certificate is asked for."""
    try:
        resource = VoiceDeployment.parse(body)
    except InvalidResourceError:
        return [], Held()
    endpoint = resource.spec.endpoint
    name = tls_secret_name(resource.metadata.name, endpoint) if endpoint else None
    if endpoint is None or name is None:
        return [], Held()
    tls = endpoint.ingress.tls if endpoint.ingress else None
    said, held = await _held(
        cluster, Held(name, is_self_signed=bool(tls and tls.self_signed)), endpoint.hosts or ()
    )
    asked = await _asked(cluster, base_name(resource.metadata.name)) if cert_manager(resource) else []
    return [*asked, said], held


async def _held(cluster: Cluster, wanted: Held, hosts: Sequence[str]) -> tuple[Verdict, Held]:
    subject = f"Secret {wanted.secret}"
    try:
        path = await cluster.collection("Secret", "v1")
        data = (await cluster.client.get(f"{path}/{wanted.secret}")).get("data") or {}
    except NotFoundError:
        return failing(subject, "with the certificate does not exist", "look at CertificateReady"), wanted
    except ForbiddenError:
        said = "may not be read by you: its certificate is not compared with the one that is served"
        return warning(subject, said, "ask for the right `get` on secrets"), wanted
    chain, authority = (base64.b64decode(data.get(key) or "") for key in ("tls.crt", "ca.crt"))
    held = Held(wanted.secret, chain, authority, wanted.is_self_signed)
    return _dated(subject, chain, hosts), held


def _dated(subject: str, chain: bytes, hosts: Sequence[str]) -> Verdict:
    found = describe(chain)
    if found is None:
        return failing(subject, "holds no certificate in PEM", "put the chain into tls.crt, the leaf first")
    left, until = found.not_after - datetime.now(UTC), f"{found.not_after:%Y-%m-%d}"
    missed = [host for host in hosts if not covers(found, host)]
    if left <= timedelta():
        return failing(subject, f"its certificate expired on {until}", "renew it")
    if missed:
        names = ", ".join(found.hosts) or "no host"
        said = f"its certificate is for {names}, and not for {', '.join(missed)}"
        return failing(subject, said, "get one that names every host of the endpoint")
    if left < SOON:
        return warning(
            subject, f"its certificate expires on {until}, in {left.days} days", "see why it is not renewed"
        )
    return ok(subject, f"its certificate is for {', '.join(found.hosts)}, until {until}")


async def _asked(cluster: Cluster, name: str) -> list[Verdict]:
    """What cert-manager says of the Certificate; nothing where it may not be read."""
    subject, mend = f"Certificate {name}", f"kubectl -n {cluster.namespace} describe certificate {name}"
    try:
        path = await cluster.collection("Certificate", OPTIONAL["Certificate"].api_version)
        found = issuance(views.certificate(await cluster.client.get(f"{path}/{name}")))
    except UnknownKindError:
        return [
            failing(subject, "cannot be made: the cluster has no cert-manager", "install it, or use another tls")
        ]
    except NotFoundError:
        return [failing(subject, "does not exist", "see Operator above, and its logs")]
    except ForbiddenError:
        return [warning(subject, "may not be read by you", "ask for the role `view` of cert-manager")]
    if found.failure:
        return [failing(subject, f"cert-manager says: {found.failure}", mend)]
    if found.waiting:
        return [warning(subject, f"cert-manager says: {found.waiting}", mend)]
    renewed = f", to be renewed on {found.renew_after:%Y-%m-%d}" if found.renew_after else ""
    return [ok(subject, f"is issued{renewed}")]
