"""Which controller serves an Ingress: the class that a spec names, or the cluster's default."""

from __future__ import annotations

import time
from collections.abc import Callable

from parley_operator.kube.client import Client, Json
from parley_operator.kube.errors import ForbiddenError
from parley_operator.render.facts import IngressClass

FRESH_SECONDS = 300.0
"""How long a list of classes, or a refusal, is good for. A class that is missing is asked for anew."""
DEFAULT_ANNOTATION = "ingressclass.kubernetes.io/is-default-class"
PATH = "/apis/networking.k8s.io/v1/ingressclasses"


class IngressClasses:
    """The cluster's classes, read now and then."""

    def __init__(self, client: Client, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._client, self._clock = client, clock
        self._classes: list[Json] = []
        self._read_at: float | None = None
        self._forbidden = False

    async def resolve(self, name: str | None) -> IngressClass | None:
        """The named class, or the default for None; None where there is no such class.

        An operator of one namespace may not read classes: then the class is taken to exist, of a controller
        that is not known.
        """
        found = self._find(name) if self._is_fresh() else None
        if found is None and not (self._forbidden and self._is_fresh()):
            await self._read()
            found = self._find(name)
        if found is None and self._forbidden:
            return IngressClass(name=name or "", controller=None)
        return found

    def _is_fresh(self) -> bool:
        return self._read_at is not None and self._clock() < self._read_at + FRESH_SECONDS

    async def _read(self) -> None:
        try:
            self._classes, self._forbidden = (await self._client.list(PATH))["items"], False
        except ForbiddenError:
            self._classes, self._forbidden = [], True
        self._read_at = self._clock()

    def _find(self, name: str | None) -> IngressClass | None:
        for body in self._classes:
            metadata = body["metadata"]
            default = (metadata.get("annotations") or {}).get(DEFAULT_ANNOTATION) == "true"
            if metadata["name"] == name or (name is None and default):
                return IngressClass(name=metadata["name"], controller=body["spec"].get("controller", ""))
        return None
