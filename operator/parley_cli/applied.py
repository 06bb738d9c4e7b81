"""What `kubectl apply` makes of an object that is there: its own fields are the file's, all others stay.

https://kubernetes.io/docs/tasks/manage-kubernetes-objects/declarative-config/#merge-patch-calculation
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from parley_operator.kube.objects import Json

_LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
_KUBECTL = "kubectl"
"""The field manager of `kubectl apply --server-side`; without that option it has a longer name."""


def is_server_side(live: Json) -> bool:
    """Whether `kubectl apply --server-side` made it: then the API server alone knows whose a field is."""
    metadata = live["metadata"]
    if _LAST_APPLIED in (metadata.get("annotations") or {}):
        return False
    managers = metadata.get("managedFields") or ()
    return any((one.get("manager"), one.get("operation")) == (_KUBECTL, "Apply") for one in managers)


def spec_after(document: Json, live: Json) -> Json:
    """The spec that `kubectl apply -f` would write."""
    last = (live["metadata"].get("annotations") or {}).get(_LAST_APPLIED)
    before = json.loads(last).get("spec") if last else None
    return merged(before or {}, document["spec"], live["spec"])


def merged(before: Mapping[str, Any], wanted: Mapping[str, Any], live: Mapping[str, Any]) -> dict[str, Any]:
    """`live` with all that is `wanted`, and without what was wanted `before` and is no more."""
    after = {key: value for key, value in live.items() if key in wanted or key not in before}
    for key, value in wanted.items():
        if isinstance(value, Mapping):
            after[key] = merged(_mapping(before.get(key)), value, _mapping(live.get(key)))
        elif value is None:
            after.pop(key, None)
        else:
            after[key] = value
    return after


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
