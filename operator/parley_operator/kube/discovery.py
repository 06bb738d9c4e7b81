"""From an object's `apiVersion` and `kind` to its path, asked of the API server once per group version."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from parley_operator.kube.errors import NotFoundError
from parley_operator.kube.objects import Json

if TYPE_CHECKING:
    from parley_operator.kube.client import Client


@dataclass(frozen=True, slots=True)
class Ref:
    """The identity of an object, apart from its UID."""

    api_version: str
    kind: str
    namespace: str
    name: str

    @classmethod
    def of(cls, body: Json) -> Ref:
        """The identity of a manifest or a live object; both have `apiVersion` and `kind`."""
        metadata = body["metadata"]
        return cls(body["apiVersion"], body["kind"], metadata.get("namespace", ""), metadata["name"])


class UnknownKindError(LookupError):
    """The API server does not serve this kind, because its CRD is missing or its API was removed."""


class Discovery:
    """Paths of kinds. What was found is kept; what was not is asked again, since CRDs may come later."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._plurals: dict[tuple[str, str], str] = {}
        self._reading: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        """By group version: whoever wants another kind of one that is being read waits for it."""

    def know(self, api_version: str, kind: str, plural: str) -> None:
        """Take a kind's plural as given: what lists the kinds of a new CRD lags behind what serves them."""
        self._plurals[api_version, kind] = plural

    async def path(self, ref: Ref, *, subresource: str = "") -> str:
        """The path of one object."""
        collection = await self.collection(ref.api_version, ref.kind, namespace=ref.namespace)
        return f"{collection}/{ref.name}" + (f"/{subresource}" if subresource else "")

    async def collection(self, api_version: str, kind: str, *, namespace: str = "") -> str:
        """The path of all objects of a kind, in one namespace or everywhere."""
        plural = await self._plural(api_version, kind)
        scope = f"/namespaces/{namespace}" if namespace else ""
        return f"{_root(api_version)}{scope}/{plural}"

    async def _plural(self, api_version: str, kind: str) -> str:
        async with self._reading[api_version]:
            if (api_version, kind) not in self._plurals:
                await self._read(api_version)
        try:
            return self._plurals[api_version, kind]
        except KeyError:
            raise UnknownKindError(f"{api_version} {kind} is not served by this cluster") from None

    async def _read(self, api_version: str) -> None:
        try:
            answer = await self._client.get(_root(api_version))
        except NotFoundError:
            return
        for resource in answer["resources"]:
            if "/" not in resource["name"]:
                self._plurals[api_version, resource["kind"]] = resource["name"]


def _root(api_version: str) -> str:
    return f"/apis/{api_version}" if "/" in api_version else f"/api/{api_version}"
