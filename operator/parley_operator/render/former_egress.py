"""What pods of an earlier template are still let out to, beside what the spec leads to now.

A pod that drains, or that a rollout has not replaced yet, connects to what it was started with. Nobody knows that
any more: the spec is another one, and a Secret's URL as well. But the live policies say it. What they open stays
in the main one, which holds for the gateway's pods of every track, for as long as such pods are in use.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any, TypeAlias

from parley_operator.render.rendered import Manifest, Rendered
from parley_operator.render.worker_pools import pool_of

Rule: TypeAlias = dict[str, Any]
"""An egress rule of a NetworkPolicy."""


def with_former_egress(rendered: Rendered, former: Iterable[Rule]) -> Rendered:
    """The same, with the rules of live policies that none of the rendered ones has; itself if there are none.

    Args:
        rendered: what the spec turns into.
        former: the egress rules of the gateway's live policies, as the server wrote them.
    """
    policies = [manifest for manifest in rendered.manifests if is_gateways_policy(manifest)]
    said = [rule for policy in policies for rule in policy["spec"]["egress"]]
    kept: list[Rule] = []
    for rule in former:
        if rule not in said and rule not in kept:
            kept.append(rule)
    if not policies or not kept:
        return rendered
    # The main policy comes before a canary's.
    wide = _with_rules(policies[0], kept)
    return replace(rendered, manifests=tuple(wide if one is policies[0] else one for one in rendered.manifests))


def is_gateways_policy(manifest: Manifest) -> bool:
    """Whether it is a policy for the gateway's pods, and not for a worker pool's."""
    return manifest["kind"] == "NetworkPolicy" and pool_of(manifest) is None


def _with_rules(policy: Manifest, more: list[Rule]) -> Manifest:
    spec = policy["spec"]
    return {**policy, "spec": {**spec, "egress": [*spec["egress"], *more]}}
