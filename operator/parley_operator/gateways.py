"""The Gateways of the cluster: other people's objects, of which the listeners matter."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Mapping, Set

from parley_operator.api import VoiceDeployment
from parley_operator.kube.client import Json
from parley_operator.kube.inventory import Key
from parley_operator.kube.kind_watch import ObjectName
from parley_operator.kube.references import References
from parley_operator.render.facts import Gateway, Listener
from parley_operator.render.gateway_api.parents import GatewayId, gateway_id

KIND = "Gateway"


class Gateways:
    """What a watch says of Gateways, and whom that concerns. An operator of some namespaces sees theirs alone."""

    def __init__(self, *, namespaces: Collection[str], wake: Callable[[Key], None]) -> None:
        """`namespaces` is empty for the whole cluster."""
        self._wake = wake
        self._named = References()
        self._found: dict[GatewayId, Gateway] = {}
        self._served: set[str] = set()
        self._unheard = set(namespaces or ("",))
        self.complete = asyncio.Event()
        """Set once every scope has been listed, or found without the API."""

    def named_by(self, resource: VoiceDeployment) -> Mapping[GatewayId, Gateway | None]:
        """The Gateways that a resource names, as far as they can be known; it is woken when one changes."""
        namespace, endpoint = resource.metadata.namespace, resource.spec.endpoint
        refs = endpoint.gateway.parent_refs if endpoint and endpoint.gateway else ()
        named = {at for ref in refs if (at := gateway_id(ref, namespace=namespace))}
        self._named.set((namespace, resource.metadata.name), {(KIND, *at) for at in named})
        return {at: self._found.get(at) for at in named if self._served & {"", at[0]}}

    def forget(self, key: Key) -> None:
        """The resource is gone."""
        self._named.set(key, ())

    def page(self, items: list[Json]) -> None:
        """Some of the Gateways there are."""
        for item in items:
            self._set(_id(item), _gateway(item))

    def listed(
        self,
        kind: str,  # noqa: ARG002 - a Sink
        names: Set[ObjectName],
        *,
        version: int,  # noqa: ARG002
        namespace: str,
    ) -> None:
        """These are all Gateways there are in a scope."""
        self._served.add(namespace)
        for at in [at for at in self._found if (not namespace or at[0] == namespace) and at not in names]:
            self._set(at, None)
        self._heard_of(namespace)

    def event(self, event: Json) -> None:
        """One Gateway appeared, changed or went."""
        body = event["object"]
        self._set(_id(body), None if event["type"] == "DELETED" else _gateway(body))

    def absent(self, kind: str, *, namespace: str) -> None:  # noqa: ARG002 - a Sink
        """The API is not there, or may not be read."""
        self._served.discard(namespace)
        for at in [at for at in self._found if not namespace or at[0] == namespace]:
            self._set(at, None)
        self._heard_of(namespace)

    def _set(self, at: GatewayId, gateway: Gateway | None) -> None:
        if self._found.get(at) == gateway:
            return
        if gateway is None:
            del self._found[at]
        else:
            self._found[at] = gateway
        for key in self._named.keys((KIND, *at)):
            self._wake(key)

    def _heard_of(self, namespace: str) -> None:
        self._unheard.discard(namespace)
        if not self._unheard:
            self.complete.set()


def _id(body: Json) -> GatewayId:
    return body["metadata"]["namespace"], body["metadata"]["name"]


def _gateway(body: Json) -> Gateway:
    return Gateway(
        tuple(
            Listener(listener["name"], listener["protocol"], listener["port"], listener.get("hostname"))
            for listener in body["spec"].get("listeners") or ()
        )
    )
