"""O10: killed after any of its requests, the operator is made good by the next process, and nothing is doubled.

The processes live in this one (`life.py`), so that each request of a reconcile can be the last; `test_faults.py`
kills real ones.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import zip_longest

import pytest
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from localcluster import ControlPlane
from parley_operator.reconcile import AT_ONCE
from tests.operator.cluster import Json, Namespace, voice_deployment, with_deepgram
from tests.operator.conftest import OPERATOR_USER
from tests.operator.crashing import (
    NAME,
    SIDE_BY_SIDE,
    all_at_once,
    beside,
    killed,
    made_good,
    respecified,
    told_twice,
    undisturbed_change,
)
from tests.operator.life import Rights, born, rights_of, settle
from tests.operator.picture import contents, decoded, picture

pytestmark = [pytest.mark.controlplane, pytest.mark.timeout(300)]

KINDS = {
    "ConfigMap",
    "ControllerRevision",
    "Deployment",
    "HorizontalPodAutoscaler",
    "Ingress",
    "NetworkPolicy",
    "PodDisruptionBudget",
    "Secret",
    "Service",
    "ServiceAccount",
}
RICH: Json = {
    **voice_deployment(NAME)["spec"],
    "agent": {"instructionsFrom": {"configMapKeyRef": {"name": "prompts", "key": "text"}}},
    "pipeline": with_deepgram(),
    "endpoint": {
        "hosts": ["voice.example.com"],
        "ingress": {"className": "traefik", "tls": {"selfSigned": {}}},
    },
    "auth": {
        "apiKeys": [{"name": "backend", "valueFrom": {"secretKeyRef": {"name": "keys", "key": "backend"}}}],
        "clientSecrets": {},
    },
    "scaling": {"type": "HPA", "minReplicas": 2, "maxReplicas": 4},
    "networkPolicy": {"mode": "Enabled"},
    "rollout": {"onFailure": "Rollback"},
}
"""Every kind of child that every cluster serves, and every kind of Secret but the token."""
CHANGED: Json = {
    **voice_deployment(NAME)["spec"],
    "pipeline": with_deepgram(),
    "replicas": 2,
    "limits": {"sessionsPerPod": 7},
    "networkPolicy": {"mode": "Disabled"},
}
"""Other pods, and children that are no longer wanted."""


@pytest.fixture
async def rights(plane: ControlPlane) -> AsyncIterator[Rights]:
    """The operator's."""
    async with rights_of(plane.kubeconfig_for(OPERATOR_USER)) as found:
        yield found


async def furnished(namespace: Namespace, suffix: str) -> Namespace:
    """A namespace beside the test's own, with the rich resource and what it refers to."""
    place = await beside(namespace, suffix)
    await place.secret("keys", deepgram="k", backend="an API key for a server")
    await place.create(
        "ConfigMap", {"apiVersion": "v1", "metadata": {"name": "prompts"}, "data": {"text": "Be brief."}}
    )
    await place.voice(NAME, **RICH)
    return place


async def test_o10_killed_after_any_request_of_a_creation(namespace: Namespace, rights: Rights) -> None:
    whole = await furnished(namespace, "whole")
    life = await born(whole, rights)
    await life.reconcile(NAME)
    requests = life.client.requests
    await settle(whole, rights, NAME)
    undisturbed = await picture(whole)
    assert {kind for kind, _ in undisturbed} == KINDS
    assert len(requests) >= 25

    async def cut(after: int) -> list[str]:
        place = await furnished(namespace, str(after))
        assert await killed(place, rights, after=after)
        before = await contents(place)
        found = await made_good(place, rights, undisturbed)
        kept = await contents(place)
        found += [f"{key} was made anew" for key, content in before.items() if kept[key] != content]
        found += await told_twice(place)
        return [f"after {requests[after - 1]} ({after}): {wrong}" for wrong in found]

    wrong = await all_at_once([partial(cut, after) for after in range(1, len(requests) + 1)])
    assert not wrong, "\n".join(wrong)


async def test_o10_a_process_that_has_heard_of_nothing_yet_finds_all_that_is_there_and_keeps_it(
    namespace: Namespace, rights: Rights
) -> None:
    """Its watches lag, or a predecessor's last writes came after its listings. Nothing generated is replaced."""
    place = await furnished(namespace, "place")
    await settle(place, rights, NAME)
    there, kept = await picture(place), await contents(place)
    life = await born(place, rights, has_heard=False)
    secrets = sum(kind == "Secret" for kind, _ in there)
    # It starts again for each Secret that it would have made up.
    assert [await life.reconcile(NAME) for _ in range(secrets)] == [AT_ONCE] * secrets
    await life.reconcile(NAME)
    looked_at = {request.rpartition(" ")[2] for request in life.client.requests if request.startswith("GET")}
    assert {place.path(kind, name) for kind, name in await place.children()} <= looked_at
    assert (await picture(place), await contents(place)) == (there, kept)
    life.client.requests.clear()
    assert await life.reconcile(NAME) != AT_ONCE
    assert life.client.applied == []


async def test_o10_killed_after_any_write_of_a_change(namespace: Namespace, rights: Rights) -> None:
    """And back again, with pods of either kind still there, so that neither's configuration may go.

    After a request that reads, the next process finds what it finds after the write before.
    """
    whole = await furnished(namespace, "whole")
    await settle(whole, rights, NAME)
    there, back = [await undisturbed_change(whole, rights, to=spec) for spec in (CHANGED, RICH)]
    assert {kind for kind, _ in there.picture} == KINDS - {"HorizontalPodAutoscaler", "Ingress", "NetworkPolicy"}
    assert min(len(there.writes), len(back.writes)) >= 10

    async def cut_some(start: int) -> list[str]:
        place = await furnished(namespace, str(start))
        for spec in (RICH, CHANGED, RICH):
            await respecified(place, spec)
            await settle(place, rights, NAME)
        wrong = []
        turns = zip_longest(there.writes[start::SIDE_BY_SIDE], back.writes[start::SIDE_BY_SIDE])
        for change, after in (
            (change, after) for turn in turns for change, after in zip((there, back), turn, strict=True)
        ):
            await respecified(place, change.to)
            if after is not None:
                await killed(place, rights, after=after)
            found = await made_good(place, rights, change.picture)
            wrong += [f"after request {after} of a change: {one}" for one in found]
        return wrong

    wrong = await all_at_once([partial(cut_some, start) for start in range(SIDE_BY_SIDE)])
    assert not wrong, "\n".join(wrong)


async def test_o04_killed_after_any_request_of_a_renewal(namespace: Namespace, rights: Rights) -> None:
    """Whatever is cut, the certificate fits its key and is signed by an authority that is published beside it."""
    place = await furnished(namespace, "place")
    await settle(place, rights, NAME)
    template = (await place.get("Deployment", NAME))["spec"]["template"]
    generation = (await place.get("Deployment", NAME))["metadata"]["generation"]
    after, now, serials = 0, datetime.now(UTC), set()
    was_killed = True
    while was_killed:
        after, now = after + 1, now + timedelta(days=340)
        was_killed = await killed(place, rights, after=after, clock=stopped_at(now))
        await consistent(place)
        await settle(place, rights, NAME, clock=stopped_at(now))
        serials.add(await consistent(place))
        deployment = await place.get("Deployment", NAME)
        assert (deployment["spec"]["template"], deployment["metadata"]["generation"]) == (template, generation)
    assert len(serials) == after >= 5


def stopped_at(moment: datetime) -> Callable[[], datetime]:
    return lambda: moment


async def consistent(place: Namespace) -> int:
    """Check what the Ingress serves; returns the certificate's serial number."""
    data = decoded(await place.get("Secret", f"{NAME}-tls"))
    certificate = x509.load_pem_x509_certificate(data["tls.crt"])
    assert load_pem_private_key(data["tls.key"], None).public_key() == certificate.public_key()
    authorities = x509.load_pem_x509_certificates(data["ca.crt"])
    assert any(is_issuer(authority, certificate) for authority in authorities)
    return certificate.serial_number


def is_issuer(authority: x509.Certificate, certificate: x509.Certificate) -> bool:
    """Several may bear the same name while one replaces the other."""
    try:
        certificate.verify_directly_issued_by(authority)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True
