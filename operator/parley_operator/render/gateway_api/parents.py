"""Where routes attach: the listeners that serve sessions, and those for plain HTTP beside them that redirect.

A parent whose listeners are not known (its kind is not Gateway, or it may not be read) is taken as it is said, and
to end TLS.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from parley_operator.api.endpoint import GATEWAY_GROUP, ParentRef
from parley_operator.render.facts import Gateway, Listener

Parent = dict[str, Any]
"""A parentRef as an HTTPRoute has it."""
GatewayId = tuple[str, str]
"""Namespace and name."""


@dataclass(frozen=True)
class Parents:
    """Where the routes of one resource attach."""

    serving: tuple[Parent, ...]
    redirecting: tuple[Parent, ...]
    secure: bool
    """Whether the serving ones end TLS."""


def gateway_id(parent: ParentRef, *, namespace: str) -> GatewayId | None:
    """The Gateway that a parent is; None for another kind."""
    if (parent.group, parent.kind) != (GATEWAY_GROUP, "Gateway"):
        return None
    return parent.namespace or namespace, parent.name


def parents(
    refs: Sequence[ParentRef], gateways: dict[GatewayId, Gateway | None], *, hosts: Sequence[str], namespace: str
) -> Parents:
    """Attach to listeners with TLS where there are any, and redirect from the others; else serve what there is."""
    found = [one for ref in refs for one in _attachments(ref, gateways, hosts, namespace)]
    secure = [one for one in found if one.secure]
    plain = [one for one in found if not one.secure]
    serving = secure or plain
    return Parents(
        serving=tuple(one.parent for one in serving),
        redirecting=tuple(one.parent for one in plain) if secure else (),
        secure=bool(secure),
    )


@dataclass(frozen=True)
class _Attachment:
    parent: Parent
    secure: bool


def _attachments(
    ref: ParentRef, gateways: dict[GatewayId, Gateway | None], hosts: Sequence[str], namespace: str
) -> Iterator[_Attachment]:
    """The parent as it is said, or each of its listeners where some are to serve and others to redirect."""
    at = gateway_id(ref, namespace=namespace)
    gateway = gateways.get(at) if at else None
    listeners = [one for one in gateway.listeners if _takes(one, ref, hosts)] if gateway else []
    kinds = {listener.protocol == "HTTPS" for listener in listeners}
    if len(kinds) < 2:
        yield _Attachment(_parent(ref), kinds != {False})
        return
    for listener in listeners:
        yield _Attachment({**_parent(ref), "sectionName": listener.name}, listener.protocol == "HTTPS")


def _parent(ref: ParentRef) -> Parent:
    said = {"namespace": ref.namespace, "sectionName": ref.section_name, "port": ref.port}
    return {
        "group": ref.group,
        "kind": ref.kind,
        "name": ref.name,
        **{name: value for name, value in said.items() if value is not None},
    }


def _takes(listener: Listener, ref: ParentRef, hosts: Sequence[str]) -> bool:
    """Whether a route to the parent for these hosts may attach to the listener."""
    return (
        listener.protocol in {"HTTP", "HTTPS"}
        and ref.section_name in {None, listener.name}
        and ref.port in {None, listener.port}
        and any(_covers(listener.hostname, host) for host in hosts)
    )


def _covers(hostname: str | None, host: str) -> bool:
    """Unlike in a certificate, a wildcard stands for any number of labels."""
    if hostname is None:
        return True
    return host.endswith(hostname[1:]) if hostname.startswith("*.") else host == hostname
