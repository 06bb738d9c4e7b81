"""Pods that began with another template than is wanted now: they drain, or no rollout has replaced them yet.

Each pod is judged by the ReplicaSet that made it. A Deployment does not count those that drain, and may tell of
its new pods before any watch has told that the old ones are leaving.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

from parley_operator.children import LiveChildren
from parley_operator.kube.apply import Owner
from parley_operator.kube.inventory import Key, Live
from parley_operator.render.former_egress import Rule, with_former_egress
from parley_operator.render.names import child_name
from parley_operator.render.rendered import Manifest, Rendered
from parley_operator.render.track import TRACKS

_ENDED = frozenset({"Succeeded", "Failed"})
"""Phases of pods that hold no call any more."""


class FormerPods:
    """The former pods of any resource's gateway, and what they still need."""

    def __init__(self, children: LiveChildren, *, is_applied: Callable[[Manifest, Owner], bool]) -> None:
        """`is_applied` says whether an object is known to be as its manifest says."""
        self._children, self._is_applied = children, is_applied

    def let_out(self, key: Key, rendered: Rendered, owner: Owner) -> Rendered:
        """The same, but they connect to what they could before; itself where there are none, or they need no more.

        The policies that are live have it. What somebody else wrote into one counts for nothing.
        """
        if not self.exist(key, rendered, owner):
            return rendered
        return with_former_egress(rendered, self._egress(key, owner))

    def exist(self, key: Key, rendered: Rendered, owner: Owner) -> bool:
        """Whether there are any, or may be: of a Deployment that is not known to be as wanted, all are."""
        wanted = [one for one in rendered.manifests if one["kind"] == "Deployment"]
        applied = {one["metadata"]["name"] for one in wanted if self._is_applied(one, owner)}
        related = self._children.related(key)
        deployments = [live for live in related if _is_gateways_deployment(live, key, owner)]
        if any(live.ref.name not in applied for live in deployments):
            return True
        templates = {(live.uid, live.view["template"]) for live in deployments}
        sets = [live for live in related if live.ref.kind == "ReplicaSet"]
        makers = {live.uid for live in sets if (live.controller, live.view["template"]) in templates}
        makes_more = any(live.view["makes_pods"] and live.uid not in makers for live in sets if _is_gateways(live))
        pods = (live for live in related if live.ref.kind == "Pod" and live.view["phase"] not in _ENDED)
        return makes_more or any(live.controller not in makers for live in pods if _is_gateways(live))

    def _egress(self, key: Key, owner: Owner) -> Iterator[Rule]:
        for live in self._children.owned(key, owner):
            if live.ref.kind == "NetworkPolicy" and live.ref.name in _names(key):
                yield from json.loads(live.view["egress"] or "[]")


def _names(key: Key) -> set[str]:
    """Of the objects that each track of the gateway has one of."""
    return {child_name(key[1], track.suffix) for track in TRACKS}


def _is_gateways_deployment(live: Live, key: Key, owner: Owner) -> bool:
    return live.ref.kind == "Deployment" and live.controller == owner.uid and live.ref.name in _names(key)


def _is_gateways(live: Live) -> bool:
    """Whether a ReplicaSet or a pod is the gateway's, and not a worker pool's or somebody's own."""
    return live.controller is not None and live.view["pool"] is None
