"""What each field of the spec does, on a real API server: a change of one changes these places, and no others."""

from __future__ import annotations

import asyncio
import hashlib
import json
import secrets
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import pytest
import pytest_asyncio

from localcluster import ControlPlane
from parley_operator.api import VoiceDeployment
from parley_operator.kube.errors import ApiError, ConflictError
from parley_operator.render import Manifest, ObjectKey, object_key, render
from parley_operator.render.apis import OPTIONAL
from tests.operator.cluster import Namespace, open_namespace, voice_deployment
from tests.operator.definitions import (
    cert_manager,
    gateway_api,
    install,
    keda,
    prometheus_operator,
    remove,
    traefik,
)
from tests.operator.fields.children import Change, as_seen, differences
from tests.operator.fields.row import Row
from tests.operator.fields.schema import changed
from tests.operator.fields.tables import all_rows
from tests.operator.process import OperatorProcess
from tests.unit.operator.examples import resource
from tests.unit.operator.facts import with_values

pytestmark = pytest.mark.controlplane

Json = dict[str, Any]
DRY = "?dryRun=All&fieldValidation=Strict"
STRICT = "?fieldValidation=Strict"


@dataclass(frozen=True)
class State:
    """A resource and its children, as the server has them."""

    document: Json
    """The resource as it is sent."""
    children: dict[ObjectKey, tuple[Manifest, Json]]
    """Each as it is sent, and as it is stored."""
    replicas: dict[ObjectKey, int]
    """Of the Deployments whose number is said here, and not by an autoscaler."""

    @property
    def seen(self) -> dict[str, Json]:
        """The children as rows speak of them."""
        name = self.document["metadata"]["name"]
        seen: dict[str, Json] = {}
        for key, (_, stored) in self.children.items():
            if key.kind == "Deployment":
                stored = {**stored, "spec": {**stored["spec"], "replicas": self.replicas.get(key)}}
            seen |= as_seen(name, stored)
        return seen


class Server:
    """Resources before their change are stored, once for all rows that begin alike; changes are only tried."""

    def __init__(self, namespace: Namespace, known: dict[str, State]) -> None:
        self.namespace, self._known = namespace, known

    async def before(self, row: Row) -> State:
        """The resource of the row, stored with its children."""
        document = resource(**row.given)
        content = json.dumps([document, row.ingress_class.name, row.is_stored], sort_keys=True)
        name = f"field-{hashlib.sha256(content.encode()).hexdigest()[:8]}"
        document["metadata"] = {"name": name, "namespace": self.namespace.name}
        if name not in self._known:
            self._known[name] = await self._state(document, row, STRICT if row.is_stored else DRY, {})
        return self._known[name]

    async def after(self, before: State, row: Row) -> State:
        """What would become of it with the field changed."""
        document = changed(before.document, row.path, row.then)
        for path, value in row.also.items():
            document = changed(document, path, value)
        return await self._state(document, row, DRY, before.children)

    async def _state(
        self, document: Json, row: Row, query: str, before: Mapping[ObjectKey, tuple[Manifest, Json]]
    ) -> State:
        voice = VoiceDeployment.parse(await self._apply(document, query))
        served = replace(with_values(voice), apis=frozenset(OPTIONAL), custom_metrics=True)
        facts = replace(served, ingress_class=row.ingress_class)
        rendered = render(voice, facts)
        children: dict[ObjectKey, tuple[Manifest, Json]] = {}
        for manifest in rendered.manifests:
            key = object_key(manifest)
            if key.kind == "ControllerRevision":  # repeats the spec
                continue
            old = before.get(key)
            # What is sent as it was is stored as it is.
            unchanged = old is not None and old[0] == manifest
            children[key] = old if old and unchanged else (manifest, await self._apply(manifest, query))
        replicas: dict[ObjectKey, int] = {}
        for scale in (rendered.scale, *rendered.worker_scales):
            if scale is not None:
                # What is only tried is not there to be scaled.
                is_there = row.is_stored and (query == STRICT or object_key(scale) in before)
                scaled = await self._apply(scale, query, manager="parley-scale") if is_there else scale
                replicas[object_key(scale)] = scaled["spec"]["replicas"]
        return State(document, children, replicas)

    async def _apply(self, body: Json, query: str, *, manager: str = "parley") -> Json:
        path = self.namespace.path(body["kind"], body["metadata"]["name"]) + query
        return await self.namespace.client.apply(path, body, field_manager=manager, force=True)


@pytest.fixture(scope="module")
def namespace_of_fields(plane: ControlPlane) -> Iterator[str]:
    """A namespace on a server that knows the kinds of others which the rows make."""
    name = f"fields-{secrets.token_hex(3)}"
    definitions = [*gateway_api(), *traefik(), *prometheus_operator(), *keda(), *cert_manager()]

    async def prepare(*, known: bool) -> None:
        async with open_namespace(str(plane.kubeconfig), name) as namespace:
            await (install if known else remove)(namespace.client, definitions)

    asyncio.run(prepare(known=True))
    yield name
    asyncio.run(prepare(known=False))


@pytest.fixture(scope="module")
def known() -> dict[str, State]:
    """The resources that are stored already."""
    return {}


@pytest_asyncio.fixture
async def server(plane: ControlPlane, namespace_of_fields: str, known: dict[str, State]) -> AsyncIterator[Server]:
    async with open_namespace(str(plane.kubeconfig), namespace_of_fields) as namespace:
        yield Server(namespace, known)


@pytest.mark.parametrize("row", [row for row in all_rows() if row.changes], ids=str)
async def test_o02_a_field_changes_these_places_and_no_others(server: Server, row: Row) -> None:
    before = await server.before(row)
    found = differences(before.seen, (await server.after(before, row)).seen)
    assert found.keys() == row.changes.keys(), said(found)
    wrong = {place: change for place, change in found.items() if not change.agrees(row.changes[place])}
    assert not wrong, said(wrong)


@pytest.mark.parametrize("row", [row for row in all_rows() if row.refused], ids=str)
async def test_o01_a_value_that_may_not_be_is_refused(server: Server, row: Row) -> None:
    before = await server.before(row)
    with pytest.raises(ApiError, match=row.refused) as refused:
        await server.after(before, row)
    assert not isinstance(refused.value, ConflictError)


@pytest.mark.parametrize("row", [row for row in all_rows() if not row.changes and not row.refused], ids=str)
async def test_o02_a_field_that_changes_no_child_is_taken(server: Server, row: Row) -> None:
    """Its effect is shown by the tests that the row names."""
    before = await server.before(row)
    assert said(differences(before.seen, (await server.after(before, row)).seen)) == {}


async def test_o03_what_the_controller_takes_from_its_own_settings_is_said(
    namespace: Namespace, operator: OperatorProcess
) -> None:
    """Traefik is told by its entry points alone how long calls may end when it restarts."""
    assert operator.is_running()
    connection = {"maxDuration": "3h"}
    endpoint = {"hosts": ["voice.example.com"], "ingress": {"className": "traefik"}, "connection": connection}
    await namespace.create("VoiceDeployment", voice_deployment("receptionist", endpoint=endpoint))
    settings = await namespace.until_condition("receptionist", "SettingsHonoured", "False", "SetInController")
    assert "up to 10800s" in settings["message"]
    await namespace.edit("receptionist", endpoint={"controllerAdvice": "Acknowledged"})
    await namespace.until_condition("receptionist", "SettingsHonoured", "True", "AllHonoured")


def said(found: Mapping[str, Change]) -> dict[str, Any]:
    """What a row would have to say, for whoever writes one."""
    return {place: change.after for place, change in found.items()}
