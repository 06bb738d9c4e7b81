"""A small cert-manager: it fills the Secrets of Certificates and says what it did, as the real one does.

Words, conditions and annotations are those of cert-manager 1.21, whose controllers are not to be had as a module:
pkg/controller/certificates/{readiness,issuing} and internal/controller/certificates/policies of its source.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

from parley_operator.kube.errors import NotFoundError
from parley_operator.render import certificates
from parley_operator.render.certificates import CERTIFICATE_LIFETIME
from tests.operator.cluster import Json, Namespace

NAME_ANNOTATION = "cert-manager.io/certificate-name"
FAILED = "The certificate request has failed to complete and will be retried: "


class Issuer:
    """Issues what is missing in one namespace, unless told to refuse."""

    def __init__(self, namespace: Namespace, *, refusal: str | None = None) -> None:
        self._namespace, self._refusal = namespace, refusal
        self.authority, self._authority_key = certificates.new_authority("issuer", now=datetime.now(UTC))
        self._issued: dict[str, Json] = {}

    async def relent(self, name: str) -> None:
        """Stop refusing, and do what was refused."""
        self._refusal = None
        await self.issue(await self._namespace.get("Certificate", name))

    async def issue(self, certificate: Json, *, age: timedelta = timedelta(days=1)) -> None:
        """Issue it, again if need be, and say so. `age`: of the new certificate; a younger one renews it."""
        spec, now = certificate["spec"], datetime.now(UTC) - age
        pem, key = certificates.issue(self.authority, self._authority_key, hosts=spec["dnsNames"], now=now)
        await self._fill(certificate, {"tls.crt": pem, "tls.key": key, "ca.crt": self.authority})
        expires = now + CERTIFICATE_LIFETIME
        ready = _condition(certificate, "Ready", "True", "Ready", "Certificate is up to date and has not expired")
        revision = (certificate.get("status") or {}).get("revision", 0) + 1
        moments = {
            "notBefore": _time(now),
            "notAfter": _time(expires),
            "renewalTime": _time(now + 2 * (expires - now) / 3),
        }
        await self._say(certificate, {"conditions": [ready], "revision": revision, **moments})

    async def fail(self, certificate: Json, why: str) -> None:
        """Try, and say that it failed; what the Secret holds goes on to be Ready."""
        known = ((certificate.get("status") or {}).get("conditions")) or []
        absent = _condition(
            certificate, "Ready", "False", "DoesNotExist", "Issuing certificate as Secret does not exist"
        )
        ready = next((c for c in known if c["type"] == "Ready" and c["status"] == "True"), absent)
        failed = _condition(certificate, "Issuing", "False", "Failed", FAILED + why)
        await self._say(certificate, {"conditions": [ready, failed], "lastFailureTime": _time(datetime.now(UTC))})

    async def run(self) -> None:
        """Look at every Certificate that appears or changes."""
        async for event in self._namespace.events("Certificate"):
            certificate = event["object"]
            spec, name = certificate["spec"], certificate["metadata"]["name"]
            if event["type"] == "DELETED" or self._issued.get(name) == spec:
                continue
            self._issued[name] = spec
            if self._refusal is None:
                await self.issue(certificate)
            else:
                await self.fail(certificate, self._refusal)

    async def _fill(self, certificate: Json, data: dict[str, bytes]) -> None:
        """By server-side apply, without an owner: cert-manager's Secrets outlive its Certificates."""
        spec, namespace = certificate["spec"], self._namespace
        issuer = spec["issuerRef"]
        body = {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {
                "name": spec["secretName"],
                "labels": {"controller.cert-manager.io/fao": "true", **spec["secretTemplate"]["labels"]},
                "annotations": {
                    NAME_ANNOTATION: certificate["metadata"]["name"],
                    "cert-manager.io/alt-names": ",".join(spec["dnsNames"]),
                    **{f"cert-manager.io/issuer-{field}": issuer[field] for field in ("group", "kind", "name")},
                },
            },
            "type": "kubernetes.io/tls",
            "data": {key: base64.b64encode(value).decode() for key, value in data.items()},
        }
        path = namespace.path("Secret", spec["secretName"])
        await namespace.client.apply(path, body, field_manager="cert-manager-certificates-issuing", force=True)

    async def _say(self, certificate: Json, status: Json) -> None:
        with contextlib.suppress(NotFoundError):  # deleted meanwhile
            await self._namespace.patch(
                "Certificate", certificate["metadata"]["name"], {"status": status}, "status"
            )


@asynccontextmanager
async def issuing(namespace: Namespace, *, refusal: str | None = None) -> AsyncIterator[Issuer]:
    """An issuer that works for as long as this lasts."""
    issuer = Issuer(namespace, refusal=refusal)
    task = asyncio.create_task(issuer.run())
    try:
        yield issuer
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


def _condition(certificate: Json, kind: str, status: str, reason: str, message: str) -> Json:
    return {
        "type": kind,
        "status": status,
        "reason": reason,
        "message": message,
        "observedGeneration": certificate["metadata"]["generation"],
        "lastTransitionTime": _time(datetime.now(UTC)),
    }


def _time(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
