"""What is there of one resource: its own objects and its pods, as the inventory has them."""

from __future__ import annotations

from collections.abc import Mapping

from parley_operator.api import VoiceDeployment
from parley_operator.kube.apply import Owner
from parley_operator.kube.client import Json
from parley_operator.kube.discovery import Ref
from parley_operator.kube.inventory import Inventory, Key, Live
from parley_operator.render.engines import made_by_keda
from parley_operator.render.names import base_name, child_name
from parley_operator.render.track import CANARY
from parley_operator.render.worker_labels import worker_name
from parley_operator.rollout_state import is_seen
from parley_operator.status import Children
from parley_operator.worker_status import PoolChildren


class LiveChildren:
    """The children of any resource, given its key and itself as their owner."""

    def __init__(self, inventory: Inventory) -> None:
        self._inventory = inventory

    def owned(self, key: Key, owner: Owner) -> list[Live]:
        """All whose controller the resource is."""
        return [live for live in self.related(key) if live.controller == owner.uid]

    def related(self, key: Key) -> list[Live]:
        """Its own, and what their controllers have made: ReplicaSets, pods."""
        return list(self._inventory.of(_label(key)))

    def of_gateway(self, key: Key, owner: Owner, *, sessions: int | None) -> Children:
        """Those that the gateway's part of the status depends on. `sessions`: how many callers talk, if known."""
        return Children(
            deployment=self._view(key, owner, "Deployment"),
            canary=self._view(key, owner, "Deployment", name=child_name(key[1], CANARY.suffix)),
            ingress=self._view(key, owner, "Ingress"),
            route=self._view(key, owner, "HTTPRoute"),
            autoscaler=self._autoscaler(key, owner),
            scaled_object=self._view(key, owner, "ScaledObject"),
            sessions=sessions,
            pods=self._pods(key, pool=None),
        )

    def of_pools(
        self, key: Key, resource: VoiceDeployment, owner: Owner, refused: Mapping[str, str]
    ) -> dict[str, PoolChildren]:
        """Those of each worker pool, by its name. `refused`: what could not be brought of a pool."""
        names = {pool.name: worker_name(resource, pool) for pool in resource.spec.worker_pools or ()}
        return {
            pool: PoolChildren(
                deployment=self._view(key, owner, "Deployment", name=name),
                autoscaler=self._view(key, owner, "HorizontalPodAutoscaler", name=name),
                pods=self._pods(key, pool=pool),
                refused=refused.get(pool),
            )
            for pool, name in names.items()
        }

    def is_settled(self, key: Key, owner: Owner) -> bool:
        """Whether the rollout is over, so that every ReplicaSet which needs a configuration is known."""
        views = [live.view for live in self.owned(key, owner) if live.ref.kind == "Deployment"]
        return all(
            is_seen(view) and view["updatedReplicas"] == view["replicas"] == view["replicas_seen"]
            for view in views
        )

    def _view(self, key: Key, owner: Owner, kind: str, *, name: str | None = None) -> Json | None:
        """Of the object that bears the resource's own name, or another: there may be several of its kind."""
        wanted = (kind, name or base_name(key[1]))
        found = (live for live in self.owned(key, owner) if (live.ref.kind, live.ref.name) == wanted)
        return next((live.view for live in found), None)

    def _pods(self, key: Key, *, pool: str | None) -> dict[str, Json]:
        """Those of the gateway, or of one pool."""
        found = (live for live in self.related(key) if live.ref.kind == "Pod" and live.view["pool"] == pool)
        return {live.ref.name: live.view for live in found}

    def _autoscaler(self, key: Key, owner: Owner) -> Json | None:
        """Ours, or what KEDA made of our ScaledObject: that has our labels, and another controller."""
        namespace, name = _label(key)
        made = Ref("autoscaling/v2", "HorizontalPodAutoscaler", namespace, made_by_keda(name))
        live = self._inventory.get(made)
        return self._view(key, owner, "HorizontalPodAutoscaler") or (live.view if live else None)


def _label(key: Key) -> Key:
    """The namespace and the name label of a resource's children."""
    return key[0], base_name(key[1])
