"""O12: the commands that look at a cluster and change it, on a real API server."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from localcluster import ControlPlane
from tests.operator.cluster import Namespace, open_namespace, voice_deployment
from tests.operator.command import Parley, Said
from tests.operator.kubelet import Kubelet, running_kubelet
from tests.operator.process import OperatorProcess

pytestmark = pytest.mark.controlplane

CONTAINER = {"name": "c", "image": "none"}


@pytest.fixture
def parley(plane: ControlPlane, namespace: Namespace) -> Parley:
    return Parley(plane.kubeconfig, namespace.name)


@pytest.fixture
async def receptionist(namespace: Namespace, operator: OperatorProcess) -> str:
    """A resource all of whose pods serve."""
    assert operator.is_running()
    await namespace.voice("receptionist", replicas=2)
    async with namespace.kubelet():
        await namespace.until_condition("receptionist", "Progressing", "False", "RolloutComplete")
    return "receptionist"


def written(folder: Path, name: str, **spec: Any) -> str:
    path = folder / f"{name}.yaml"
    path.write_text(yaml.safe_dump({**voice_deployment(name, **spec), "kind": "VoiceDeployment"}))
    return str(path)


def idle(name: str, image: str, labels: dict[str, str], **container: Any) -> dict[str, Any]:
    """A Deployment of no pods."""
    pod = {"containers": [{"name": "gateway", "image": image, **container}]}
    template = {"metadata": {"labels": {"app": name}}, "spec": pod}
    spec = {"replicas": 0, "selector": {"matchLabels": {"app": name}}, "template": template}
    return {"apiVersion": "apps/v1", "metadata": {"name": name, "labels": labels}, "spec": spec}


def by_kind(said: Said) -> dict[str, Any]:
    return {one["kind"]: one for one in yaml.safe_load_all(said.out)}


class TestStatus:
    async def test_o12_it_shows_conditions_and_the_tree_of_children(
        self, parley: Parley, receptionist: str
    ) -> None:
        said = await parley("status", receptionist)
        assert said.status == 0
        lines = said.out.splitlines()
        ready = next(line for line in lines if line.startswith("  Ready"))
        assert "2/2 pods ready" in ready
        places = {word: len(line) - len(line.lstrip()) for line in lines for word in line.split("/")[:1]}
        assert places["  Deployment"] < places["     ReplicaSet"] < places["        Pod"]
        assert sum(line.lstrip().startswith("Pod/") and "Ready" in line for line in lines) == 2
        assert all(any(kind in line for line in lines) for kind in ("Service/", "Secret/", "ConfigMap/"))

    async def test_o12_without_a_name_it_lists_all(self, parley: Parley, receptionist: str) -> None:
        said = await parley("status", "-o", "json")
        assert [(one["name"], one["ready"]) for one in said.content] == [(receptionist, "True")]

    async def test_o12_of_what_is_not_there_it_says_how_to_find_what_is(
        self, parley: Parley, namespace: Namespace
    ) -> None:
        said = await parley("status", "nobody")
        assert said.status == 1
        assert "there is no VoiceDeployment nobody" in said.err
        assert f"`parley -n {namespace.name} status`" in said.err

    async def test_o12_a_cluster_that_does_not_answer_is_said(self, parley: Parley, tmp_path: Path) -> None:
        gone = tmp_path / "kubeconfig"
        cluster = {"name": "c", "cluster": {"server": "https://127.0.0.1:9"}}
        context = {"name": "c", "context": {"cluster": "c", "user": "u"}}
        user = {"name": "u", "user": {"token": "t"}}
        content = {"current-context": "c", "clusters": [cluster], "contexts": [context], "users": [user]}
        gone.write_text(yaml.safe_dump({"apiVersion": "v1", "kind": "Config", **content}))
        said = await parley("status", kubeconfig=str(gone))
        assert (said.status, "Traceback" in said.err) == (3, False)
        assert "the API server does not answer" in said.err

    async def test_o12_without_a_kubeconfig_one_line_says_so(self, parley: Parley, tmp_path: Path) -> None:
        said = await parley("status", kubeconfig=str(tmp_path / "nowhere"))
        assert said.status == 3
        assert said.err.startswith("Error: no cluster: ")
        assert len(said.err.splitlines()) == 1

    async def test_o12_who_may_not_is_told_what_and_ends_with_4(
        self, plane: ControlPlane, namespace: Namespace
    ) -> None:
        nobody = Parley(plane.kubeconfig_for("nobody"), namespace.name)
        for arguments in (("status",), ("suspend", "receptionist"), ("logs", "receptionist")):
            said = await nobody(*arguments)
            assert (said.status, "Traceback" in said.err) == (4, False)
            assert "voicedeployments.parley.dev" in said.err

    async def test_o12_of_all_namespaces(
        self, parley: Parley, namespace: Namespace, plane: ControlPlane, receptionist: str
    ) -> None:
        async with open_namespace(str(plane.kubeconfig), f"{namespace.name}-b") as other:
            await other.voice("concierge")
        said = await parley("status", "-A", "-o", "json")
        found = {(one["namespace"], one["name"]) for one in said.content}
        assert found >= {(namespace.name, receptionist), (f"{namespace.name}-b", "concierge")}
        assert "NAMESPACE" in (await parley("status", "-A")).out
        assert (await parley("status", receptionist, "-A")).status == 2

    async def test_o12_nothing_of_a_secret_is_shown(
        self, parley: Parley, namespace: Namespace, receptionist: str
    ) -> None:
        secret = (await namespace.get("Secret", f"{receptionist}-token"))["data"]["token"]
        for arguments in ((receptionist,), (receptionist, "-o", "json")):
            assert secret not in (await parley("status", *arguments)).out


@pytest.fixture
async def kubelet(plane: ControlPlane, namespace: Namespace, receptionist: str) -> AsyncIterator[Kubelet]:
    """Of all pods of the resource."""
    assert receptionist
    async with running_kubelet(namespace, f"node-{namespace.name}", plane) as running:
        for pod in await pods_of(namespace):
            binding = {
                "metadata": {"name": pod},
                "target": {"apiVersion": "v1", "kind": "Node", "name": f"node-{namespace.name}"},
            }
            path = namespace.path("Pod", pod, "binding")
            body = {"apiVersion": "v1", "kind": "Binding", **binding}
            await namespace.client.create(path, body, field_manager="test")
        yield running


async def pods_of(namespace: Namespace) -> list[str]:
    return sorted(pod["metadata"]["name"] for pod in await namespace.find_all("Pod"))


def line(second: int, message: str, **fields: str) -> str:
    time = f"2026-11-21T12:00:{second:02}.000+00:00"
    return json.dumps({"time": time, "level": "info", "logger": "parley_gateway", "message": message, **fields})


class TestLogs:
    async def test_o12_all_pods_in_the_order_of_time(
        self, parley: Parley, namespace: Namespace, receptionist: str, kubelet: Kubelet
    ) -> None:
        first, second = await pods_of(namespace)
        await kubelet.write(first, line(1, "session started", session="a"), line(3, "session ended", session="a"))
        await kubelet.write(second, line(2, "session started", session="b"), "a library's own words")
        said = await parley("logs", receptionist, "-o", "json")
        lines = [json.loads(text) for text in said.out.splitlines()]
        assert [(one["pod"], one["message"]) for one in lines if "time" in one] == [
            (first, "session started"),
            (second, "session started"),
            (first, "session ended"),
        ]
        assert {"pod": second, "message": "a library's own words"} in lines
        assert all("/gateway?" in asked or asked.endswith("/gateway") for asked in kubelet.asked)

    async def test_o12_of_one_session_alone(
        self, parley: Parley, namespace: Namespace, receptionist: str, kubelet: Kubelet
    ) -> None:
        first, second = await pods_of(namespace)
        await kubelet.write(first, line(1, "session started", session="a"))
        await kubelet.write(second, line(2, "session started", session="b"), line(3, "no session's"))
        said = await parley("logs", receptionist, "--session", "b")
        assert len(said.out.splitlines()) == 1
        assert f"{second} info    session started  session=b" in said.out
        assert "anything of session c" in (await parley("logs", receptionist, "--session", "c")).err

    async def test_o12_a_pod_that_waits_to_start_hides_no_other(
        self, parley: Parley, namespace: Namespace, receptionist: str, kubelet: Kubelet
    ) -> None:
        first, second = await pods_of(namespace)
        await kubelet.write(first, line(1, "session started", session="a"))
        kubelet.waiting = {second}
        said = await parley("logs", receptionist)
        assert (said.status, len(said.out.splitlines())) == (0, 1)
        assert (
            said.err
            == f'Error: {second}: container "gateway" in pod "{second}" is waiting to start: ContainerCreating\n'
        )
        kubelet.waiting = {first, second}
        assert (await parley("logs", receptionist)).status == 1

    async def test_o12_followed_lines_come_as_they_are_written(
        self, parley: Parley, namespace: Namespace, receptionist: str, kubelet: Kubelet
    ) -> None:
        for pod in await pods_of(namespace):
            running = {"name": "gateway", "image": "i", "imageID": "", "ready": True, "restartCount": 0}
            state = {**running, "state": {"running": {"startedAt": "2026-11-21T12:00:00Z"}}}
            await namespace.patch("Pod", pod, {"status": {"containerStatuses": [state]}}, "status")
        async with parley.started("logs", receptionist, "-f", "-o", "json") as process:
            assert process.stdout is not None
            for number, pod in enumerate(await pods_of(namespace)):
                await kubelet.write(pod, line(number, f"line {number}"))
                text = await asyncio.wait_for(process.stdout.readline(), 60)
                assert json.loads(text)["message"] == f"line {number}"
            process.send_signal(signal.SIGINT)
            assert await asyncio.wait_for(process.wait(), 60) == 0


class TestCompletion:
    async def test_o12_names_of_the_cluster_are_offered(
        self, parley: Parley, namespace: Namespace, receptionist: str
    ) -> None:
        pods = await pods_of(namespace)
        assert await parley.offered("status", "-n", namespace.name, "rec") == [receptionist]
        assert await parley.offered("suspend", "-n", namespace.name, "x") == []
        assert await parley.offered("drain", "-n", namespace.name, "") == pods
        assert namespace.name in await parley.offered("status", "-n", namespace.name[:5])


_SEVERAL = """
import sys
from parley_cli.main import main
namespace, name = sys.argv[1:]
for line in (["status"], ["status", name], ["sessions"], ["history", name], ["resume", name]):
    main([*line, "-n", namespace], standalone_mode=False)
print("loaded:", *sys.modules)
"""


class TestLoading:
    async def test_o12_what_only_looks_builds_none_of_the_models(
        self, plane: ControlPlane, namespace: Namespace, receptionist: str
    ) -> None:
        """Building them takes longer than all that is asked of the API server."""
        command = (sys.executable, "-c", _SEVERAL, namespace.name, receptionist)
        environment = {**os.environ, "KUBECONFIG": str(plane.kubeconfig)}
        process = await asyncio.create_subprocess_exec(*command, env=environment, stdout=asyncio.subprocess.PIPE)
        out, _ = await asyncio.wait_for(process.communicate(), 60)
        assert process.returncode == 0
        loaded = set(out.decode().rpartition("loaded:")[2].split())
        assert loaded >= {"aiohttp", "parley_cli.commands.sessions", "parley_operator.render.labels"}
        assert not loaded & {"parley_contract.config", "parley_operator.api.spec", "parley_operator.render.facts"}


class TestNamespace:
    async def test_o12_it_may_be_said_before_the_subcommand_and_what_is_said_behind_counts(
        self, parley: Parley, namespace: Namespace, receptionist: str
    ) -> None:
        before = ("-n", namespace.name)
        assert (await parley.line(*before, "status", "-o", "json")).content[0]["name"] == receptionist
        behind = await parley.line("--namespace", "default", "status", *before, "-o", "json")
        assert behind.content[0]["name"] == receptionist
        assert (await parley.line(*before, "status", "-n", "nowhere", "-o", "json")).content == []
        assert await parley.offered(*before, "status", "rec") == [receptionist]
        assert await parley.offered(*before, "status", "-n", "nowhere", "rec") == []
        assert namespace.name in await parley.offered("-n", namespace.name[:5])


class TestSuspending:
    async def test_o07_suspend_and_resume(self, parley: Parley, namespace: Namespace, receptionist: str) -> None:
        assert "suspended" in (await parley("suspend", receptionist)).out
        await namespace.until_condition(receptionist, "Ready", "False", "Suspended")
        await namespace.until(
            "Deployment", receptionist, lambda body: body is not None and not body["spec"]["replicas"]
        )
        again = (await parley("suspend", receptionist, "-o", "json")).content
        assert (again["changed"], "already" in again["message"]) == (False, True)
        done = (await parley("resume", receptionist, "-o", "json")).content
        assert "resumed" in done.pop("message")
        whose = {"kind": "VoiceDeployment", "namespace": namespace.name, "name": receptionist}
        assert done == {"action": "resume", **whose, "changed": True, "revision": None}
        await namespace.until(
            "Deployment", receptionist, lambda body: body is not None and body["spec"]["replicas"] == 2
        )


class TestDiff:
    async def test_o12_what_would_change_and_what_it_does_to_pods(
        self, parley: Parley, namespace: Namespace, receptionist: str, tmp_path: Path
    ) -> None:
        before = await namespace.get("VoiceDeployment", receptionist)
        same = await parley("diff", written(tmp_path, receptionist, replicas=2))
        assert (same.status, same.out) == (0, "")
        more = await parley("diff", written(tmp_path, receptionist, replicas=3))
        assert more.status == 1
        assert "-  replicas: 2" in more.out
        assert "no pod would restart" in more.err
        longer = await parley("diff", written(tmp_path, receptionist, replicas=2, limits={"sessionsPerPod": 7}))
        assert "replaced one at a time" in longer.err
        assert "Deployment/receptionist (then)" in longer.out
        [one] = (await parley("diff", written(tmp_path, receptionist, replicas=3), "-o", "json")).content
        assert (one["name"], one["isNew"], one["rollsPods"]) == (receptionist, False, False)
        assert any("+  replicas: 3" in text for text in one["differences"])
        assert (await namespace.get("VoiceDeployment", receptionist))["spec"] == before["spec"]

    async def test_o12_what_others_have_set_stays_as_it_does_with_kubectl_apply(
        self, parley: Parley, namespace: Namespace, receptionist: str, tmp_path: Path
    ) -> None:
        path = f"/apis/parley.dev/v1alpha1/namespaces/{namespace.name}/voicedeployments/{receptionist}"
        file = written(tmp_path, receptionist, replicas=2)
        annotated = voice_deployment(receptionist, replicas=2, pod={"annotations": {"digest": "1"}})
        pod = {**annotated, "kind": "VoiceDeployment"}
        await namespace.client.apply(path, pod, field_manager="kubectl", force=True)
        gone = await parley("diff", file)
        assert "replaced one at a time" in gone.err
        assert any(line.startswith("-") and "digest" in line for line in gone.out.splitlines())
        await namespace.client.apply(path, pod, field_manager="pipeline", force=True)
        same = await parley("diff", file)
        assert (same.status, same.out) == (0, "")

    async def test_o12_a_new_one_is_said_to_be_new(
        self, parley: Parley, namespace: Namespace, tmp_path: Path
    ) -> None:
        said = await parley("diff", written(tmp_path, "concierge"))
        assert (said.status, "concierge: would be made" in said.err) == (1, True)
        assert await namespace.find("VoiceDeployment", "concierge") is None

    async def test_o12_a_host_that_an_older_resource_has_is_told(
        self, parley: Parley, namespace: Namespace, tmp_path: Path
    ) -> None:
        host = f"{namespace.name}.example.com"
        endpoint = {"hosts": [host], "ingress": {"className": "traefik"}}
        await namespace.voice("receptionist", endpoint=endpoint)
        said = await parley("diff", written(tmp_path, "concierge", endpoint=endpoint))
        assert (
            f"HostConflict: {host} belongs to the older VoiceDeployment {namespace.name}/receptionist" in said.err
        )
        own = await parley("diff", written(tmp_path, "receptionist", endpoint=endpoint, replicas=2))
        assert (own.status, "HostConflict" in own.err) == (1, False)

    async def test_o12_images_come_from_where_the_clusters_do(
        self, parley: Parley, namespace: Namespace, tmp_path: Path
    ) -> None:
        """As its operator is told; where none is seen, as the resource's own Deployment has them."""
        file = written(tmp_path, "concierge")
        labels = {"app.kubernetes.io/name": "parley", "app.kubernetes.io/component": "operator"}
        arguments = [f"--namespace={namespace.name}", "--gateway-image=localhost/parley/gateway"]
        await namespace.create("Deployment", idle("operator", "parley/operator:0.1", labels, args=arguments))
        try:
            told = await parley("diff", file)
        finally:
            await namespace.delete("Deployment", "operator")
        await namespace.create("Deployment", idle("concierge", "localhost:5000/gateway:0.1", {}))
        seen = await parley("diff", file)
        assert "image: localhost/parley/gateway:0.1\n" in told.out
        assert "image: localhost:5000/gateway:0.1\n" in seen.out

    async def test_o12_a_file_that_a_cluster_would_refuse_is_refused(self, parley: Parley, tmp_path: Path) -> None:
        file = written(tmp_path, "concierge", replicas=-1)
        said = await parley("diff", file)
        assert (said.status, said.out, "Usage:" in said.err) == (2, "", False)
        assert said.err.startswith(f"{file}:")
        assert ": error: concierge: spec.replicas: " in said.err

    async def test_o12_who_may_not_ask_is_told_so_and_ends_with_4(
        self, plane: ControlPlane, namespace: Namespace, tmp_path: Path
    ) -> None:
        nobody = Parley(plane.kubeconfig_for("nobody"), namespace.name)
        said = await nobody("diff", written(tmp_path, "concierge"))
        assert (said.status, "you may not do that" in said.err) == (4, True)


class TestRender:
    async def test_o12_the_cluster_is_asked_for_its_apis_and_classes(
        self, parley: Parley, namespace: Namespace, tmp_path: Path
    ) -> None:
        """It has no PodMonitor, and a class whose name tells nothing of its controller."""
        classes, name = "/apis/networking.k8s.io/v1/ingressclasses", f"edge-{namespace.name}"
        edge = {"metadata": {"name": name}, "spec": {"controller": "k8s.io/ingress-nginx"}}
        made = await namespace.client.create(classes, edge, field_manager="test")
        try:
            endpoint = {"hosts": ["voice.example.com"], "ingress": {"className": name}}
            file = written(tmp_path, "concierge", endpoint=endpoint)
            supposed = by_kind(await parley("render", file))
            discovered = by_kind(await parley("render", file, "--discover"))
        finally:
            await namespace.client.delete(f"{classes}/{name}", uid=made["metadata"]["uid"])
        assert ("PodMonitor" in supposed, "PodMonitor" in discovered) == (True, False)
        annotation = "nginx.ingress.kubernetes.io/proxy-read-timeout"
        assert annotation not in supposed["Ingress"]["metadata"].get("annotations", {})
        assert annotation in discovered["Ingress"]["metadata"]["annotations"]


class TestSessions:
    async def test_o12_of_all_namespaces(
        self, parley: Parley, namespace: Namespace, plane: ControlPlane, receptionist: str
    ) -> None:
        async with open_namespace(str(plane.kubeconfig), f"{namespace.name}-b") as other:
            await other.voice("concierge")
            await other.create("ServiceAccount", {"apiVersion": "v1", "metadata": {"name": "default"}})
            labels = {"parley.dev/name": "concierge", "app.kubernetes.io/component": "gateway"}
            pod = {"metadata": {"name": "concierge-1", "labels": labels}, "spec": {"containers": [CONTAINER]}}
            await other.create("Pod", {"apiVersion": "v1", **pod})
        said = (await parley("sessions", "-A", "-o", "json")).content
        found = {(one["namespace"], one["deployment"]) for one in said}
        assert found >= {(namespace.name, receptionist), (f"{namespace.name}-b", "concierge")}
        assert {one["pod"] for one in said} >= {"concierge-1", *await pods_of(namespace)}
        shown = (await parley("sessions", "-A")).out
        assert shown.startswith("NAMESPACE")
        assert "does not answer" in shown
        assert (await parley("sessions", receptionist, "-A")).status == 2


class TestHistory:
    async def test_o07_revisions_are_listed_compared_and_gone_back_to(
        self, parley: Parley, namespace: Namespace, receptionist: str
    ) -> None:
        assert "nothing to go back to" in (await parley("rollback", receptionist)).err
        await namespace.edit(receptionist, agent={"greeting": "Ahoy"}, replicas=3)
        await namespace.until_any("ControllerRevision", lambda body: bool(body["revision"] == 2))
        found = (await parley("history", receptionist, "-o", "json")).content
        assert [(one["revision"], "asked for" in one["marks"]) for one in found] == [(1, False), (2, True)]
        said = await parley("history", receptionist, "--diff", "1", "2")
        assert "+  greeting: Ahoy" in said.out
        assert "has no revision 7" in (await parley("rollback", receptionist, "--to", "7")).err

        offered = await parley.offered("rollback", "-n", namespace.name, receptionist, "--to", "")
        assert offered == ["2", "1"]

        back = (await parley("rollback", receptionist, "-o", "json")).content
        assert "back to revision 1" in back["message"]
        assert (back["action"], back["revision"]) == ("rollback", found[0]["name"])
        spec = (await namespace.get("VoiceDeployment", receptionist))["spec"]
        assert ("greeting" in spec["agent"], spec["replicas"]) == (False, 3)
        await namespace.until_any("ControllerRevision", lambda body: bool(body["revision"] == 3))
        again = (await parley("history", receptionist)).out.splitlines()
        assert again[-1].startswith("3 ")
        listed = (await parley("history", receptionist, "-o", "json")).content
        assert [one["revision"] for one in listed] == [2, 3]
        assert listed[0]["since"] <= listed[1]["since"]  # the object of revision 3 is older: it was revision 1


class TestDrain:
    async def test_o12_only_pods_of_gateways_are_drained(self, parley: Parley, namespace: Namespace) -> None:
        await namespace.create("ServiceAccount", {"apiVersion": "v1", "metadata": {"name": "default"}})
        await namespace.create(
            "Pod", {"apiVersion": "v1", "metadata": {"name": "other"}, "spec": {"containers": [CONTAINER]}}
        )
        assert "there is no pod nobody" in (await parley("drain", "nobody")).err
        assert "is no gateway's pod" in (await parley("drain", "other")).err
        assert await namespace.find("Pod", "other") is not None

    async def test_o07_the_disruption_budget_is_heeded(
        self, parley: Parley, namespace: Namespace, receptionist: str
    ) -> None:
        pod = (await namespace.find_all("Pod", "parley.dev/name=receptionist"))[0]["metadata"]["name"]
        budget = {"expectedPods": 2, "currentHealthy": 1, "desiredHealthy": 1, "disruptionsAllowed": 0}
        status = {"status": {"observedGeneration": 1, **budget}}
        await namespace.patch("PodDisruptionBudget", receptionist, status, "status")
        said = await parley("drain", pod, "--no-wait")
        assert (said.status, "may not go now" in said.err) == (1, True)
        allowed = {"status": {"observedGeneration": 1, **budget, "currentHealthy": 2, "disruptionsAllowed": 1}}
        await namespace.patch("PodDisruptionBudget", receptionist, allowed, "status")
        done = (await parley("drain", pod, "--no-wait", "-o", "json")).content
        assert "drains" in done.pop("message")
        whose = {"kind": "Pod", "namespace": namespace.name, "name": pod}
        assert done == {"action": "drain", **whose, "changed": True, "revision": None}
        leaving = await namespace.find("Pod", pod)
        assert leaving is None or "deletionTimestamp" in leaving["metadata"]
