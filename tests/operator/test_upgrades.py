"""O10: another release of the operator, and the way back, change no pod that the spec did not ask to change."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from localcluster import ControlPlane
from tests.operator.cluster import Json, Namespace
from tests.operator.conftest import OPERATOR_USER
from tests.operator.life import RELEASE, Rights, rights_of, settle
from tests.operator.picture import contents, picture

pytestmark = pytest.mark.controlplane

NAME = "receptionist"
NEXT = replace(RELEASE, version="0.2")
ENDPOINT = {"hosts": ["voice.example.com"], "ingress": {"className": "traefik", "tls": {"selfSigned": {}}}}
CACHE = {
    "type": "PersistentVolumeClaim",
    "persistentVolumeClaim": {"size": "1Gi", "accessModes": ["ReadWriteMany"]},
}
SPECS: dict[str, Json] = {
    "plain": {},
    "exposed": {"endpoint": ENDPOINT},
    "with workers, autoscaled": {
        "endpoint": ENDPOINT,
        "scaling": {"type": "HPA", "maxReplicas": 4},
        "workerPools": [
            {"name": "tts", "role": "TTS", "image": "example.com/worker:1", "modelCache": CACHE},
            {"name": "stt", "role": "STT", "image": "example.com/worker:1", "scaling": {"maxReplicas": 3}},
        ],
    },
    "suspended": {"suspend": True},
}


@pytest.fixture
async def rights(plane: ControlPlane) -> AsyncIterator[Rights]:
    """The operator's."""
    async with rights_of(plane.kubeconfig_for(OPERATOR_USER)) as found:
        yield found


async def deployment(namespace: Namespace) -> tuple[int, Json]:
    """How often it was changed, and what its pods are."""
    found = await namespace.get("Deployment", NAME)
    return found["metadata"]["generation"], found["spec"]["template"]


@pytest.mark.parametrize("spec", SPECS.values(), ids=SPECS)
async def test_o10_the_next_release_and_the_way_back_change_no_pod(
    namespace: Namespace, rights: Rights, spec: Json
) -> None:
    await namespace.voice(NAME, **spec)
    await settle(namespace, rights, NAME)
    before, pods, held = await picture(namespace), await deployment(namespace), await contents(namespace)
    for release in (NEXT, RELEASE):
        await settle(namespace, rights, NAME, release=release)
        assert await deployment(namespace) == pods
        assert await contents(namespace) == held
        assert await picture(namespace) == before


async def test_o10_the_spec_moves_the_gateway_to_the_next_release(namespace: Namespace, rights: Rights) -> None:
    await namespace.voice(NAME)
    await settle(namespace, rights, NAME)
    await settle(namespace, rights, NAME, release=NEXT)
    _, before = await deployment(namespace)
    await namespace.edit(NAME, version="0.2")
    await settle(namespace, rights, NAME, release=NEXT)
    _, after = await deployment(namespace)
    images = [template["spec"]["containers"][0]["image"] for template in (before, after)]
    assert images == ["parley/gateway:0.1", "parley/gateway:0.2"]
