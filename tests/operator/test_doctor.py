"""O12: `parley doctor` on a real API server: what it finds, and how it says to mend it."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from localcluster import ControlPlane
from tests.emulators.accounts import AccountScript
from tests.emulators.emulators import Emulators, running
from tests.operator.cluster import Json, Namespace, open_namespace, with_deepgram
from tests.operator.command import Parley, Said
from tests.operator.process import OperatorProcess

pytestmark = pytest.mark.controlplane

GOOD, BAD = "sk-good-0123456789abcdef", "sk-bad-0123456789abcdef"
RBAC = "/apis/rbac.authorization.k8s.io/v1"
PAGE = Path(__file__).parents[2] / "docs" / "cli.md"
ELSEWHERE = ("Optional APIs: ", "Operator: ", "Operator's rights: ", "pods of its controller")
"""Lines of the page's example that need an operator's pod, and a controller's: other tests have them."""
BEHIND_TRAEFIK = {"hosts": ["voice.invalid"], "ingress": {"className": "traefik", "tls": {"selfSigned": {}}}}


@pytest.fixture
def parley(plane: ControlPlane, namespace: Namespace) -> Parley:
    return Parley(plane.kubeconfig, namespace.name)


@pytest.fixture
async def emulators() -> AsyncIterator[Emulators]:
    async with running() as started:
        started.accounts["Deepgram"].set_script(AccountScript(keys=[GOOD]))
        yield started


def found(said: Said) -> dict[tuple[str, str], Json]:
    """By subject and grade; of several the last."""
    return {(one["subject"], one["grade"]): one for one in said.content}


def example() -> set[str]:
    """What the page shows of a resource that is broken."""
    [block] = re.findall(r"^\$ parley doctor receptionist\n(.*?)^```", PAGE.read_text(), re.DOTALL | re.MULTILINE)
    return {essence(line) for line in block.splitlines() if not any(words in line for words in ELSEWHERE)}


def essence(line: str) -> str:
    """Without releases, addresses and dates."""
    return re.sub(r"v[0-9.]+ at \S+|\d{4}-\d\d-\d\d", "…", line)


class TestInstallation:
    async def test_o12_for_people_it_is_one_line_each_and_what_to_do(self, parley: Parley) -> None:
        said = await parley("doctor")
        assert said.status == 1
        assert "ok    Kubernetes: v1." in said.out
        assert "FAIL  Operator: runs nowhere\n      → helm install" in said.out
        assert "\x1b" not in said.out

    async def test_o12_the_apis_of_others_are_listed(self, parley: Parley) -> None:
        line = found(await parley("doctor", "-o", "json"))["Optional APIs", "ok"]["message"]
        assert "not there: " in line
        assert "metrics.k8s.io" in line

    async def test_o12_what_the_operator_may_not_do_is_said(self, parley: Parley, namespace: Namespace) -> None:
        labels = {"app.kubernetes.io/name": "parley", "app.kubernetes.io/component": "operator"}
        pod = {"serviceAccountName": "parley-operator", "containers": [{"name": "c", "image": "i"}]}
        template = {"metadata": {"labels": labels}, "spec": pod}
        spec = {"replicas": 0, "selector": {"matchLabels": labels}, "template": template}
        metadata = {"name": "parley-operator", "labels": labels}
        await namespace.create("Deployment", {"apiVersion": "apps/v1", "metadata": metadata, "spec": spec})
        try:
            refused = found(await parley("doctor", "-o", "json"))["Operator's rights", "failing"]
            assert f"system:serviceaccount:{namespace.name}:parley-operator may not" in refused["message"]
            assert "list, watch, create, patch, delete deployments" in refused["message"]
            account = {"kind": "ServiceAccount", "name": "parley-operator", "namespace": namespace.name}
            await bind(namespace, "parley-operator", account)
            granted = found(await parley("doctor", "-o", "json"))["Operator's rights", "ok"]
            assert granted["message"] == f"all that it needs in {namespace.name}"
        finally:
            await namespace.delete("Deployment", "parley-operator")


class TestResource:
    async def test_o12_it_finds_what_is_missing_and_says_how_to_mend_it(
        self, parley: Parley, namespace: Namespace, operator: OperatorProcess
    ) -> None:
        assert operator.is_running()
        await namespace.voice("receptionist", pipeline=with_deepgram("voice-keys"), endpoint=BEHIND_TRAEFIK)
        await namespace.until_condition("receptionist", "Ready", "False", "SecretNotFound")
        said = await parley("doctor", "receptionist", "-o", "json")
        assert said.status == 1
        lines = found(said)
        assert lines["Kubernetes", "ok"]["message"].startswith("v1.")
        assert ("Definition", "ok") in lines
        assert "helm install" in lines["Operator", "failing"]["mend"]
        [trouble] = [one for one in said.content if one["subject"] == "receptionist" and one["grade"] == "failing"]
        assert "voice-keys" in trouble["message"]
        assert "Create the Secret" in trouble["mend"]
        assert "DNS" in lines["voice.invalid", "failing"]["message"]
        assert "for voice.invalid, until" in lines["Secret receptionist-tls", "ok"]["message"]
        shown = (await parley("doctor", "receptionist")).out.replace("voice.invalid", "voice.example.com")
        assert example() <= set(map(essence, shown.replace(namespace.name, "default").splitlines()))

    async def test_o12_a_secret_with_another_hosts_certificate_is_said(
        self, parley: Parley, namespace: Namespace
    ) -> None:
        await namespace.secret("given", **{"tls.crt": "no certificate"})
        given = {"hosts": ["voice.invalid"], "ingress": {"tls": {"secretRef": {"name": "given"}}}}
        await namespace.voice("receptionist", endpoint=given)
        await namespace.voice("concierge", endpoint={**given, "ingress": {"tls": {"secretRef": {"name": "none"}}}})
        lines = found(await parley("doctor", "-o", "json"))
        assert "no certificate in PEM" in lines["Secret given", "failing"]["message"]
        assert "does not exist" in lines["Secret none", "failing"]["message"]

    async def test_o12_a_certificate_that_nobody_can_issue_is_said(
        self, parley: Parley, namespace: Namespace
    ) -> None:
        issuer = {"certManager": {"issuerRef": {"kind": "Issuer", "name": "le"}}}
        await namespace.voice("receptionist", endpoint={"hosts": ["voice.invalid"], "ingress": {"tls": issuer}})
        lines = found(await parley("doctor", "-o", "json"))
        assert "no cert-manager" in lines["Certificate receptionist", "failing"]["message"]


class TestPatience:
    async def test_o07_o12_an_autoscaler_that_takes_nodes_before_pods_have_drained_is_said(
        self, parley: Parley, namespace: Namespace, plane: ControlPlane
    ) -> None:
        await namespace.voice("receptionist")
        assert await impatient(parley) == []
        status = {"apiVersion": "v1", "metadata": {"name": "cluster-autoscaler-status"}}
        async with open_namespace(str(plane.kubeconfig), "kube-system") as system:
            await system.create("ConfigMap", status)
            try:
                [said] = await impatient(parley)
                assert (said["grade"], "after 600s" in said["message"]) == ("warning", True)
                assert "--max-graceful-termination-sec=1800" in said["mend"]
                await system.create("Deployment", autoscaler("--max-graceful-termination-sec=1800"))
                assert await impatient(parley) == []
                await namespace.edit("receptionist", rollout={"drainTimeout": "1h"})
                [said] = await impatient(parley)
                assert "after 1800s, and rollout.drainTimeout lets calls go on for 1h" in said["message"]
            finally:
                await system.delete("ConfigMap", "cluster-autoscaler-status")
                if await system.find("Deployment", "cluster-autoscaler"):
                    await system.delete("Deployment", "cluster-autoscaler")


async def impatient(parley: Parley) -> list[Json]:
    """What the doctor says of autoscalers of nodes."""
    said: list[Json] = (await parley("doctor", "receptionist", "-o", "json")).content
    return [one for one in said if "cluster-autoscaler" in one["message"]]


def autoscaler(*flags: str) -> Json:
    """The Deployment of one, without pods."""
    labels = {"app": "cluster-autoscaler"}
    container = {"name": "c", "image": "i", "command": ["./cluster-autoscaler", *flags]}
    template = {"metadata": {"labels": labels}, "spec": {"containers": [container]}}
    spec = {"replicas": 0, "selector": {"matchLabels": labels}, "template": template}
    return {"apiVersion": "apps/v1", "metadata": {"name": "cluster-autoscaler"}, "spec": spec}


class TestIngress:
    async def test_o12_the_class_its_controller_and_its_pods(self, parley: Parley, namespace: Namespace) -> None:
        await namespace.voice("receptionist", endpoint=BEHIND_TRAEFIK)
        lines = found(await parley("doctor", "-o", "json"))
        assert "traefik.io/ingress-controller" in lines["Ingress class traefik", "ok"]["message"]
        assert "no pod of" in lines["Ingress class traefik", "warning"]["message"]

        await namespace.create("ServiceAccount", {"apiVersion": "v1", "metadata": {"name": "default"}})
        metadata = {"name": "traefik-1", "labels": {"app.kubernetes.io/name": "traefik"}}
        container = {"name": "c", "image": "none"}
        await namespace.create(
            "Pod", {"apiVersion": "v1", "metadata": metadata, "spec": {"containers": [container]}}
        )
        try:
            down = found(await parley("doctor", "-o", "json"))["Ingress class traefik", "failing"]
            assert f"kubectl -n {namespace.name} describe pod traefik-1" in down["mend"]
            ready = {"status": {"conditions": [{"type": "Ready", "status": "True"}]}}
            await namespace.patch("Pod", "traefik-1", ready, "status")
            up = found(await parley("doctor", "-o", "json"))["Ingress class traefik", "ok"]
            assert up["message"] == "1 of 1 pods of its controller are ready"
        finally:
            await namespace.delete("Pod", "traefik-1")

    async def test_o12_a_class_that_is_not_there_and_those_that_are(
        self, parley: Parley, namespace: Namespace
    ) -> None:
        await namespace.voice(
            "receptionist", endpoint={"hosts": ["voice.invalid"], "ingress": {"className": "no"}}
        )
        lines = found(await parley("doctor", "-o", "json"))
        assert "traefik" in lines["Ingress class no", "failing"]["mend"]


class TestKeys:
    async def test_o12_each_is_tried_by_a_request_where_that_is_asked_for(
        self, parley: Parley, namespace: Namespace, emulators: Emulators
    ) -> None:
        await namespace.secret("voice-keys", first=GOOD, second=BAD)
        await namespace.voice("receptionist", pipeline=at(emulators, "first", "second"))
        await parley("doctor", "receptionist")
        assert emulators.journal.entries == []
        said = await parley("doctor", "receptionist", "--keys", "-o", "json")
        assert said.status == 1
        lines = found(said)
        assert lines["Key first of Secret voice-keys", "ok"]["message"] == "Deepgram takes it"
        refused = lines["Key second of Secret voice-keys", "failing"]
        assert "refuses it with status 401" in refused["message"]
        assert "into key second of Secret voice-keys" in refused["mend"]
        assert all(key not in said.out + said.err for key in (GOOD, BAD))

    async def test_o12_who_may_not_read_secrets_is_told_which_right_is_missing(
        self, plane: ControlPlane, namespace: Namespace, emulators: Emulators
    ) -> None:
        await namespace.secret("voice-keys", first=GOOD)
        await namespace.voice("receptionist", pipeline=at(emulators, "first"))
        rule = {"apiGroups": ["parley.dev"], "resources": ["voicedeployments"], "verbs": ["get", "list"]}
        role = {"metadata": {"name": "reader"}, "rules": [rule]}
        await namespace.client.create(f"{RBAC}/namespaces/{namespace.name}/roles", role, field_manager="test")
        await bind(namespace, "reader", {"kind": "User", "name": "reader"}, kind="Role")
        reader = Parley(plane.kubeconfig_for("reader"), namespace.name)
        lines = found(await reader("doctor", "receptionist", "--keys", "-o", "json"))
        assert "`get` on secrets" in lines["Secret voice-keys", "warning"]["mend"]
        assert emulators.journal.entries == []

    async def test_o12_what_is_reached_inside_the_cluster_or_by_a_call_alone_is_said_to_be_untried(
        self, parley: Parley, namespace: Namespace
    ) -> None:
        addresses = {"redis": f"redis://:{GOOD}@redis", "postgres": f"postgresql://voice:{GOOD}@pg-rw/voice"}
        await namespace.secret("stores", **addresses)
        sources: dict[str, Any] = {key: {"secretKeyRef": {"name": "stores", "key": key}} for key in addresses}
        token = {"secretKeyRef": {"name": "phone", "key": "token"}}
        await namespace.voice(
            "receptionist",
            sessions={"redis": {"url": sources["redis"]}},
            records={"postgres": {"url": sources["postgres"]}},
            endpoint={"protocols": [{"name": "Twilio", "twilio": {"authToken": token}}]},
        )
        said = await parley("doctor", "receptionist", "--keys", "-o", "json")
        lines = found(said)
        assert "redis is a name of the cluster's own" in lines["Key redis of Secret stores", "warning"]["message"]
        assert (
            "pg-rw is a name of the cluster's own" in lines["Key postgres of Secret stores", "warning"]["message"]
        )
        assert "account's SID" in lines["Key token of Secret phone", "warning"]["message"]
        assert GOOD not in said.out + said.err


def at(emulators: Emulators, *keys: str) -> Json:
    """A pipeline with these keys of the Secret voice-keys at the emulators' Deepgram."""
    pipeline: Json = with_deepgram("voice-keys")
    sources: list[Any] = [{"secretKeyRef": {"name": "voice-keys", "key": key}} for key in keys]
    return {**pipeline, "stt": {**pipeline["stt"], "apiKeys": sources, "baseURL": emulators.url}}


async def bind(namespace: Namespace, role: str, subject: Json, *, kind: str = "ClusterRole") -> None:
    """Give somebody a role in the namespace."""
    if "namespace" not in subject:
        subject = {**subject, "apiGroup": "rbac.authorization.k8s.io"}
    ref = {"apiGroup": "rbac.authorization.k8s.io", "kind": kind, "name": role}
    body = {"metadata": {"name": role}, "roleRef": ref, "subjects": [subject]}
    await namespace.client.create(f"{RBAC}/namespaces/{namespace.name}/rolebindings", body, field_manager="test")
