"""Which resources refer to which Secrets and ConfigMaps of the user, so that a change there wakes them."""

from __future__ import annotations

from collections.abc import Iterable

from parley_operator.kube.inventory import Key

Target = tuple[str, str, str]
"""Kind, namespace and name."""


class References:
    """A relation between resources and the objects they refer to, readable both ways."""

    def __init__(self) -> None:
        self._targets: dict[Key, frozenset[Target]] = {}
        self._keys: dict[Target, set[Key]] = {}

    def set(self, key: Key, targets: Iterable[Target]) -> None:
        """Replace what a resource refers to; nothing forgets the resource."""
        new, old = frozenset(targets), self._targets.pop(key, frozenset())
        for target in old - new:
            self._keys[target].discard(key)
            if not self._keys[target]:
                del self._keys[target]
        for target in new - old:
            self._keys.setdefault(target, set()).add(key)
        if new:
            self._targets[key] = new

    def keys(self, target: Target) -> frozenset[Key]:
        """The resources that refer to an object."""
        return frozenset(self._keys.get(target, ()))
