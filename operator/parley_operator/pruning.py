"""Which of a resource's objects are no longer wanted, in the order in which they go."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Set

from parley_operator.kube.inventory import Live
from parley_operator.render.rendered import ObjectKey
from parley_operator.views import PRUNED

_LAST = frozenset({"Deployment", "Service"})
"""After whatever leads clients there."""


def superfluous(owned: Iterable[Live], wanted: Set[ObjectKey], *, is_settled: bool) -> Iterator[Live]:
    """What to delete of the objects that a resource owns.

    Args:
        owned: the objects.
        wanted: those to leave alone.
        is_settled: whether no rollout goes on. During one, a ReplicaSet may need a configuration and not be known.
    """
    for live in sorted(owned, key=lambda live: live.ref.kind in _LAST):
        if live.ref.kind not in PRUNED or ObjectKey(live.ref.kind, live.ref.name) in wanted:
            continue
        if live.view.get("leaving") or (live.ref.kind == "ConfigMap" and not is_settled):
            continue
        yield live
