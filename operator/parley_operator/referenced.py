"""What is known of the Secrets and ConfigMaps that a resource refers to, read again only when they change.

Of their content nothing is kept but digests, what a certificate says of itself, and the hosts of URLs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from parley_operator.api import VoiceDeployment
from parley_operator.kube.client import Client
from parley_operator.kube.discovery import Ref
from parley_operator.kube.errors import NotFoundError
from parley_operator.kube.inventory import Inventory, Key
from parley_operator.kube.metadata_watch import MetadataWatches
from parley_operator.kube.objects import Data, decode_data
from parley_operator.kube.references import References
from parley_operator.render import certificates, destinations
from parley_operator.render.addresses import Address, addresses
from parley_operator.render.facts import CertificateFact
from parley_operator.render.references import (
    Purpose,
    Reference,
    ReferencedValue,
    ValueId,
    referenced_value,
    references,
)

_PLURALS = {"Secret": "secrets", "ConfigMap": "configmaps"}
CERTIFICATE_KEY = "tls.crt"
ISSUED_FOR = "cert-manager.io/certificate-name"
"""The annotation by which cert-manager tells the Secrets that it fills."""

ObjectId = tuple[str, str]
"""Kind and name, in the resource's namespace."""


@dataclass(frozen=True)
class Referenced:
    """What a resource's references lead to."""

    values: Mapping[ValueId, ReferencedValue]
    certificate: CertificateFact | None
    """Of the Secret that `tls.secretRef` names, or that cert-manager fills."""
    issued_for: str | None
    """The Certificate that cert-manager made that Secret for."""
    addresses: Mapping[ValueId, tuple[Address, ...]]
    """Where the URLs lead that Secrets hold."""


@dataclass(frozen=True)
class _Content:
    """Of one object; never kept, never logged."""

    data: Data = field(repr=False)
    issued_for: str | None


@dataclass(frozen=True)
class _Known:
    references: Sequence[Reference]
    versions: Mapping[ObjectId, str | None]
    salt: str
    referenced: Referenced


class ReferencedValues:
    """Reads what is referred to, by name, and wakes whom it concerns through `References`."""

    def __init__(
        self,
        client: Client,
        inventory: Inventory,
        *,
        watches: MetadataWatches,
        wakes: References,
    ) -> None:
        self._client, self._inventory, self._watches, self._wakes = client, inventory, watches, wakes
        self._known: dict[Key, _Known] = {}

    async def read(
        self, resource: VoiceDeployment, *, salt: str, canary: VoiceDeployment | None = None
    ) -> Referenced:
        """What the references of a resource lead to, and those of its canary.

        No request where nothing changed since the last time.
        """
        key = (resource.metadata.namespace, resource.metadata.name)
        specs = (resource, canary) if canary else (resource,)
        found = [reference for spec in specs for reference in references(spec)]
        objects: set[ObjectId] = {(reference.target.kind, reference.target.name) for reference in found}
        self._wakes.set(key, {(kind, key[0], name) for kind, name in objects})
        versions = {target: self._version(key[0], target) for target in objects}
        known = self._known.get(key)
        if known and known == _Known(found, versions, salt, known.referenced) and None not in versions.values():
            return known.referenced
        contents = {target: await self._content(key[0], target) for target in sorted(objects)}
        values = {
            reference.target: referenced_value(
                _data(contents[reference.target.kind, reference.target.name]),
                key=reference.target.key,
                salt=salt,
            )
            for reference in found
        }
        urls = [url for spec in specs for url in destinations.secret_urls(spec).values()]
        served = next((r.target for r in found if r.purpose in (Purpose.CERTIFICATE, Purpose.ISSUED)), None)
        secret = contents[served.kind, served.name] if served else None
        led = {target: _led(contents, target) for target in map(destinations.target, urls)}
        referenced = Referenced(values, _describe(secret), secret.issued_for if secret else None, led)
        self._known[key] = _Known(found, versions, salt, referenced)
        return self._known[key].referenced

    def forget(self, key: Key) -> None:
        """The resource is gone."""
        self._known.pop(key, None)
        self._wakes.set(key, ())

    def _version(self, namespace: str, target: ObjectId) -> str | None:
        kind, name = target
        seen = self._watches.version(kind, (namespace, name))
        if seen is not None:
            return seen
        labelled = self._inventory.get(Ref("v1", kind, namespace, name))
        return str(labelled.version) if labelled else None

    async def _content(self, namespace: str, target: ObjectId) -> _Content | None:
        kind, name = target
        try:
            body = await self._client.get(f"/api/v1/namespaces/{namespace}/{_PLURALS[kind]}/{name}")
        except NotFoundError:
            return None
        annotations = body["metadata"].get("annotations") or {}
        return _Content(decode_data(body, kind=kind), annotations.get(ISSUED_FOR))


def _data(content: _Content | None) -> Data | None:
    return content.data if content else None


def _led(contents: Mapping[ObjectId, _Content | None], target: ValueId) -> tuple[Address, ...]:
    url = (_data(contents[target.kind, target.name]) or {}).get(target.key, b"")
    return addresses(url.decode(errors="replace"))


def _describe(secret: _Content | None) -> CertificateFact | None:
    return certificates.describe(secret.data.get(CERTIFICATE_KEY, b"")) if secret else None
