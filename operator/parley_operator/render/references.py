"""Which Secrets and ConfigMaps a resource refers to, and what is known of them: never their content."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal, NamedTuple

from parley_operator.api import VoiceDeployment
from parley_operator.api.base import ResourceModel
from parley_operator.api.environment import Variable
from parley_operator.api.pod import PodSpec
from parley_operator.api.references import KeyRef, SecretSource, TextSource
from parley_operator.api.worker_pools import WorkerPoolSpec
from parley_operator.render.names import issued_name
from parley_operator.render.once import once

Kind = Literal["Secret", "ConfigMap"]


class Purpose(StrEnum):
    """What a referenced value is for, which decides what a change of it does."""

    FILE = "File"
    """API keys, tokens, URLs with passwords: whatever the gateway reads from a file."""
    ENVIRONMENT = "Environment"
    TRUST_BUNDLE = "TrustBundle"
    INSTRUCTIONS = "Instructions"
    CERTIFICATE = "Certificate"
    ISSUED = "Issued"
    """What cert-manager puts into a Secret that the spec does not name."""
    WORKER = "Worker"
    """A variable of a worker pool, whose change rolls that pool."""

    @property
    def rolls_pods(self) -> bool:
        """Whether a new value needs new gateway pods; instructions and certificates are read while running."""
        return self not in (Purpose.INSTRUCTIONS, Purpose.CERTIFICATE, Purpose.ISSUED, Purpose.WORKER)


class ValueId(NamedTuple):
    """One key of one object in the resource's namespace."""

    kind: Kind
    name: str
    key: str


@dataclass(frozen=True)
class Reference:
    """One place in a spec that refers to one key of one object."""

    target: ValueId
    path: str
    """Where the spec says so, for messages."""
    purpose: Purpose


class Presence(StrEnum):
    """Whether a referenced value is there."""

    PRESENT = "Present"
    OBJECT_MISSING = "ObjectMissing"
    KEY_MISSING = "KeyMissing"
    EMPTY = "Empty"


@dataclass(frozen=True)
class ReferencedValue:
    """What is known of a referenced value: that it is there, and a digest that tells when it changes."""

    presence: Presence
    digest: str = ""
    """HMAC-SHA-256 in hex; empty unless present."""


def referenced_value(data: Mapping[str, bytes] | None, *, key: str, salt: str) -> ReferencedValue:
    """What may be known of one key of an object's decoded data.

    Args:
        data: the object's decoded data; None if there is no such object.
        key: the key that the spec names.
        salt: the resource's own salt, so that equal values of two resources have different digests.
    """
    if data is None:
        return ReferencedValue(Presence.OBJECT_MISSING)
    if key not in data:
        return ReferencedValue(Presence.KEY_MISSING)
    if not data[key].strip():
        return ReferencedValue(Presence.EMPTY)
    return ReferencedValue(Presence.PRESENT, hmac.new(salt.encode(), data[key], hashlib.sha256).hexdigest())


@once
def references(resource: VoiceDeployment) -> Sequence[Reference]:
    """Every Secret's or ConfigMap's value that the spec needs, in the order of the spec."""
    return (
        *_instructions(resource),
        *_files(resource),
        *_certificate(resource),
        *_environment(resource),
        *_trust_bundle(resource),
        *(found for pool in resource.spec.worker_pools or () for found in pool_references(resource, pool)),
    )


def pool_references(resource: VoiceDeployment, pool: WorkerPoolSpec) -> list[Reference]:
    """Those of one worker pool."""
    index = (resource.spec.worker_pools or ()).index(pool)
    return list(_variables(pool.env or (), f"spec.workerPools[{index}].env", Purpose.WORKER))


def _secret(ref: KeyRef, path: str, purpose: Purpose) -> Reference:
    return Reference(ValueId("Secret", ref.name, ref.key), f"{path}.secretKeyRef", purpose)


def _config_map(ref: KeyRef, path: str, purpose: Purpose) -> Reference:
    return Reference(ValueId("ConfigMap", ref.name, ref.key), f"{path}.configMapKeyRef", purpose)


def _text(source: TextSource, path: str, purpose: Purpose) -> Iterator[Reference]:
    if source.config_map_key_ref:
        yield _config_map(source.config_map_key_ref, path, purpose)
    if source.secret_key_ref:
        yield _secret(source.secret_key_ref, path, purpose)


def _instructions(resource: VoiceDeployment) -> Iterator[Reference]:
    source = resource.spec.agent.instructions_from
    if source:
        yield from _text(source, "spec.agent.instructionsFrom", Purpose.INSTRUCTIONS)


def _files(resource: VoiceDeployment) -> Iterator[Reference]:
    """Every Secret's value that the gateway reads from a file, wherever in the spec it is named."""
    for path, source in _secret_sources(resource.spec, "spec"):
        yield _secret(source.secret_key_ref, path, Purpose.FILE)


def _secret_sources(value: object, path: str) -> Iterator[tuple[str, SecretSource]]:
    """In the order of the spec. What `pod` and `instructionsFrom` refer to are no files of this kind."""
    if isinstance(value, SecretSource):
        yield path, value
    elif isinstance(value, tuple):
        for index, item in enumerate(value):
            yield from _secret_sources(item, f"{path}[{index}]")
    elif isinstance(value, ResourceModel) and not isinstance(value, PodSpec):
        for name, field in type(value).model_fields.items():
            yield from _secret_sources(getattr(value, name), f"{path}.{field.alias or name}")


def _certificate(resource: VoiceDeployment) -> Iterator[Reference]:
    endpoint = resource.spec.endpoint
    tls = endpoint.ingress.tls if endpoint and endpoint.ingress else None
    path = "spec.endpoint.ingress.tls"
    for key in ("tls.crt", "tls.key"):
        if tls and tls.secret_ref:
            yield Reference(ValueId("Secret", tls.secret_ref.name, key), f"{path}.secretRef", Purpose.CERTIFICATE)
        if tls and tls.cert_manager:
            target = ValueId("Secret", issued_name(resource.metadata.name), key)
            yield Reference(target, f"{path}.certManager", Purpose.ISSUED)


def _environment(resource: VoiceDeployment) -> Iterator[Reference]:
    variables = resource.spec.pod.env if resource.spec.pod else None
    yield from _variables(variables or (), "spec.pod.env", Purpose.ENVIRONMENT)


def _variables(variables: Iterable[Variable], path: str, purpose: Purpose) -> Iterator[Reference]:
    for index, variable in enumerate(variables):
        source, at = variable.value_from, f"{path}[{index}].valueFrom"
        if source and source.secret_key_ref:
            yield _secret(source.secret_key_ref, at, purpose)
        if source and source.config_map_key_ref:
            yield _config_map(source.config_map_key_ref, at, purpose)


def _trust_bundle(resource: VoiceDeployment) -> Iterator[Reference]:
    bundle = resource.spec.pod.trust_bundle if resource.spec.pod else None
    if bundle:
        yield from _text(bundle, "spec.pod.trustBundle", Purpose.TRUST_BUNDLE)
