"""References from a VoiceDeployment to Secrets and ConfigMaps of its own namespace."""

from __future__ import annotations

from parley_operator.api.base import ResourceModel, Rule
from parley_operator.api.values import DataKey, ObjectName


class KeyRef(ResourceModel):
    """One key of an object in the same namespace."""

    name: ObjectName
    """Name of the object."""
    key: DataKey
    """Key in the object's data."""


class LocalObjectRef(ResourceModel):
    """An object in the same namespace."""

    name: ObjectName
    """Name of the object."""


class SecretSource(ResourceModel):
    """A value that a Secret holds."""

    secret_key_ref: KeyRef
    """The Secret and the key in it."""


class TextSource(ResourceModel):
    """A value that a Secret or a ConfigMap holds: exactly one of them."""

    config_map_key_ref: KeyRef | None = None
    """The ConfigMap and the key in it."""
    secret_key_ref: KeyRef | None = None
    """The Secret and the key in it."""

    rules = (
        Rule(
            cel="has(self.configMapKeyRef) != has(self.secretKeyRef)",
            message="set exactly one of configMapKeyRef and secretKeyRef",
            holds=lambda source: (source.config_map_key_ref is None) != (source.secret_key_ref is None),
        ),
    )
