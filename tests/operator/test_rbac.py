"""O10, O11: the operator has the rights that it uses and no others, as the API server's audit log says."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from charts.derive import NAMESPACE, RELEASE, pinned_helm
from localcluster import AUDIT_METADATA, ControlPlane
from parley_operator.kube.client import Client
from parley_operator.render.apis import OPTIONAL, Api
from tests.operator import definitions
from tests.operator.cluster import SECONDS, Json, Namespace, open_namespace
from tests.operator.conftest import CONTROLLERS
from tests.operator.process import OperatorProcess
from tests.operator.rights import (
    Account,
    Right,
    everywhere,
    granted,
    installed,
    rendered,
    token_of,
    told,
    used,
    with_token,
)
from tests.operator.scenarios import SCENARIOS, Scenario, play

pytestmark = [pytest.mark.controlplane, pytest.mark.timeout(300)]

USED_ELSEWHERE = {Right("", "", "pods", "patch")}
"""Where pods answer: which go first is written on them in test_autoscalers.py."""
CLASSES = Api("networking.k8s.io", "v1", "ingressclasses")


@pytest.fixture(scope="module")
def plane() -> Iterator[ControlPlane]:
    """One of this module's own: it serves every optional API, and its audit log is this module's alone."""
    controllers = (*CONTROLLERS, "clusterrole-aggregation-controller")
    with ControlPlane(controllers=controllers, audit_policy=AUDIT_METADATA) as running:
        asyncio.run(_prepare(str(running.kubeconfig)))
        yield running


async def _prepare(kubeconfig: str) -> None:
    async with open_namespace(kubeconfig, NAMESPACE) as namespace:
        await definitions.install(namespace.client, map(definitions.permissive, ("Gateway", *OPTIONAL)))
        await installed(namespace.client, rendered(pinned_helm(), release=RELEASE, namespace=NAMESPACE))


@asynccontextmanager
async def operator_of(
    account: Account, plane: ControlPlane, folder: Path, *arguments: str
) -> AsyncIterator[OperatorProcess]:
    """An operator with a token of its ServiceAccount, as the chart starts it."""
    async with open_namespace(str(plane.kubeconfig), account.namespace) as home:
        token = await token_of(account, home.client)
    kubeconfig = with_token(plane.kubeconfig, token, folder / f"{account.namespace}.kubeconfig")
    lease = ("--lease-namespace", account.namespace, "--lease-name", account.name)
    process = OperatorProcess(kubeconfig, folder / f"{account.namespace}.log", *lease, *arguments).start()
    try:
        await asyncio.to_thread(process.wait_for_log, "synced")
        yield process
        process.terminate()
    finally:
        process.stop()
        print(process.raw_log())


async def class_of(client: Client, name: str, controller: str) -> None:
    body = {"apiVersion": "networking.k8s.io/v1", "kind": "IngressClass", "metadata": {"name": name}}
    path = f"/apis/{CLASSES.api_version}/{CLASSES.plural}/{name}"
    await client.apply(path, {**body, "spec": {"controller": controller}}, field_manager="test", force=True)


async def test_o10_the_audit_log_of_a_full_run_equals_the_charts_role_verb_by_verb(
    plane: ControlPlane, tmp_path: Path
) -> None:
    account = Account(NAMESPACE)
    assert {kind for one in SCENARIOS for kind in one.makes} >= OPTIONAL.keys()

    async def run(scenario: Scenario) -> None:
        async with open_namespace(str(plane.kubeconfig), scenario.name) as place:
            for name, controller in scenario.classes.items():
                await class_of(place.client, name, controller)
            await play(place, scenario)

    async with operator_of(account, plane, tmp_path):
        await asyncio.gather(*map(run, SCENARIOS))
    found = used(plane.audit_log, account)
    chart = granted(rendered(pinned_helm(), release=RELEASE, namespace=NAMESPACE), account)
    assert told(found.refused) == []
    unused = everywhere(chart) - everywhere(found.rights) - USED_ELSEWHERE
    assert told(unused) == [], "granted, and used by no scenario"
    assert told(everywhere(found.rights) - everywhere(chart)) == [], "used, and granted by others than the chart"


@pytest.fixture
async def people(plane: ControlPlane, namespace_name: str) -> AsyncIterator[Namespace]:
    """A namespace in which three people have the cluster's own roles."""
    async with open_namespace(str(plane.kubeconfig), namespace_name) as place:
        for role in ("view", "edit", "admin"):
            path = f"/apis/rbac.authorization.k8s.io/v1/namespaces/{place.name}/rolebindings"
            body = {
                "metadata": {"name": role},
                "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": role},
                "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": f"who-may-{role}"}],
            }
            await place.client.create(path, body, field_manager="test")
        async with asyncio.timeout(SECONDS):
            # The aggregated roles are put together by a controller.
            for role in ("edit", "admin"):
                while not await may(place, role, "create", "voicedeployments"):  # noqa: ASYNC110 - nothing tells when
                    await asyncio.sleep(0.1)
        yield place


async def may(place: Namespace, role: str, verb: str, resource: str, *, group: str = "parley.dev") -> bool:
    """What the API server says to a SubjectAccessReview of somebody with this role."""
    resource, _, subresource = resource.partition("/")
    asked = {"namespace": place.name, "group": group, "resource": resource, "verb": verb}
    spec = {"user": f"who-may-{role}", "resourceAttributes": {**asked, "subresource": subresource}}
    path = "/apis/authorization.k8s.io/v1/subjectaccessreviews"
    answer = await place.client.create(path, {"spec": spec}, field_manager="test")
    return bool(answer["status"]["allowed"])


@pytest.mark.parametrize(
    ("role", "resource", "verbs"),
    [
        ("view", "voicedeployments", "get list watch"),
        ("view", "voicedeployments/status", "get"),
        ("view", "voicedeployments/scale", "get"),
        *(
            (role, resource, verbs)
            for role in ("edit", "admin")
            for resource, verbs in {
                "voicedeployments": "get list watch create update patch delete deletecollection",
                "voicedeployments/status": "get",
                "voicedeployments/scale": "get update patch",
            }.items()
        ),
    ],
)
async def test_o11_who_may_view_reads_and_who_may_edit_writes_spec_and_scale_but_not_status(
    people: Namespace, role: str, resource: str, verbs: str
) -> None:
    every = ("get", "list", "watch", "create", "update", "patch", "delete", "deletecollection")
    allowed = {verb for verb in every if await may(people, role, verb, resource)}
    # A list of a subresource is no request that there is.
    assert allowed - ({"list", "watch"} if "/" in resource else set()) == set(verbs.split())


async def test_o11_who_may_view_voice_deployments_may_not_read_their_secrets(people: Namespace) -> None:
    for verb in ("get", "list", "watch"):
        assert not await may(people, "view", verb, "secrets", group="")


async def test_o10_operators_of_one_namespace_each_live_side_by_side_with_rights_in_their_own(
    plane: ControlPlane, tmp_path: Path
) -> None:
    accounts = [Account("staging"), Account("production")]
    async with open_namespace(str(plane.kubeconfig), "default") as anywhere:
        await class_of(anywhere.client, "traefik", "traefik.io/ingress-controller")
        for account in accounts:
            async with open_namespace(str(plane.kubeconfig), account.namespace):
                await installed(anywhere.client, chart_for(account))
    async with (
        operator_of(accounts[0], plane, tmp_path, "--namespace", "staging"),
        operator_of(accounts[1], plane, tmp_path, "--namespace", "production"),
    ):
        await asyncio.gather(*(serve(plane, account) for account in accounts))
    for account in accounts:
        found = used(plane.audit_log, account)
        assert told(found.refused) == ["list ingressclasses.networking.k8s.io"]
        assert {right.namespace for right in found.rights} == {account.namespace}
        assert found.rights <= granted(chart_for(account), account)


def chart_for(account: Account) -> list[Json]:
    """A release that serves its own namespace, and leaves the definition to another."""
    values = (f"watchNamespaces={{{account.namespace}}}", "crds.install=false", f"fullnameOverride={RELEASE}")
    manifests = rendered(pinned_helm(), *values, release=account.namespace, namespace=account.namespace)
    kinds = {one["kind"] for one in manifests}
    assert not kinds & {"ClusterRole", "ClusterRoleBinding", "CustomResourceDefinition"}
    return manifests


async def serve(plane: ControlPlane, account: Account) -> None:
    """One resource of a class whose name says the controller, and one of a class that nobody can know."""
    async with open_namespace(str(plane.kubeconfig), account.namespace) as place:
        for name in ("traefik", "ours"):
            endpoint = {"hosts": [f"{name}.{account.namespace}.example.com"], "ingress": {"className": name}}
            await place.voice(name, endpoint=endpoint)
        ingress = await place.until_exists("Ingress", "traefik")
        assert ingress["spec"]["ingressClassName"] == "traefik"
        await place.until_exists("Ingress", "ours")
        said = await place.until_condition("ours", "SettingsHonoured", "False", "UnknownController")
        assert "may not read IngressClasses" in said["message"]
