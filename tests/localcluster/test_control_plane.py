"""A control plane comes up in seconds, survives faults with its data, and leaves nothing."""

from __future__ import annotations

import http.client
import json
import multiprocessing
import os
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from localcluster import AUDIT_METADATA, ClusterError, ControlPlane
from localcluster.api import Api
from localcluster.processes import marked, wait_for_end
from localcluster.record import reap_orphans, remove_state

pytestmark = pytest.mark.controlplane

NAMESPACES = "/api/v1/namespaces"
CONFIG_MAPS = "/api/v1/namespaces/default/configmaps"


def config_map(name: str, **metadata: Any) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, **metadata}, "data": {"a": "b"}}


def save(api: Api, manifest: dict[str, Any]) -> dict[str, Any]:
    return api.apply(f"{CONFIG_MAPS}/{manifest['metadata']['name']}", manifest)


@pytest.fixture(scope="module")
def plane() -> Iterator[ControlPlane]:
    with ControlPlane(controllers=("garbage-collector-controller",), audit_policy=AUDIT_METADATA) as running:
        yield running


def test_it_serves_the_api(plane: ControlPlane) -> None:
    found = plane.api.get(NAMESPACES)
    assert found is not None
    assert "default" in {item["metadata"]["name"] for item in found["items"]}


def test_starting_again_changes_nothing(plane: ControlPlane) -> None:
    before = marked(plane.paths.root)
    plane.start()
    assert marked(plane.paths.root) == before


def test_two_run_side_by_side(plane: ControlPlane) -> None:
    with ControlPlane() as other:
        assert other.server != plane.server
        save(other.api, config_map("only-there"))
        assert plane.api.get(f"{CONFIG_MAPS}/only-there") is None


def test_data_survive_a_crash_of_the_api_server(plane: ControlPlane) -> None:
    save(plane.api, config_map("kept"))
    server = plane.server
    plane.kill_apiserver()
    with pytest.raises(ConnectionRefusedError):
        plane.api.request("GET", "/readyz")
    plane.start_apiserver()
    assert plane.server == server
    assert plane.api.get(f"{CONFIG_MAPS}/kept") is not None


def test_what_etcd_has_compacted_is_gone_for_an_api_server_that_was_started_anew(plane: ControlPlane) -> None:
    before = save(plane.api, config_map("of-old"))["metadata"]["resourceVersion"]
    save(plane.api, config_map("of-today"))
    plane.kill_apiserver()
    assert plane.compact() > int(before)
    plane.start_apiserver()
    at = f"{CONFIG_MAPS}?resourceVersion={before}&resourceVersionMatch=Exact"
    assert plane.api.request("GET", at)[0] == http.client.GONE


def test_a_paused_api_server_goes_on_where_it_was(plane: ControlPlane) -> None:
    plane.pause_apiserver()
    plane.resume_apiserver()
    assert plane.api.is_ready()


def test_a_dead_api_server_cannot_be_paused(plane: ControlPlane) -> None:
    plane.kill_apiserver()
    with pytest.raises(ClusterError, match="does not run"):
        plane.pause_apiserver()
    plane.start()
    assert plane.api.is_ready()


def test_requests_are_in_the_audit_log_once_answered(plane: ControlPlane) -> None:
    save(plane.api, config_map("audited"))
    entries = [json.loads(line) for line in plane.audit_log.read_text().splitlines()]
    mine = [entry for entry in entries if entry.get("objectRef", {}).get("name") == "audited"]
    assert [entry["verb"] for entry in mine] == ["patch"]


def test_another_user_may_do_only_what_is_granted(plane: ControlPlane) -> None:
    content = json.loads(plane.kubeconfig_for("system:serviceaccount:a:b").read_text())
    assert content["users"][0]["user"] != json.loads(plane.kubeconfig.read_text())["users"][0]["user"]
    pki = plane.paths.pki
    client = plane._pki.client("user-system-serviceaccount-a-b", user="ignored: it exists")
    stranger = Api(plane.server, authority=pki / "ca.crt", client=client)
    assert stranger.request("GET", NAMESPACES)[0] == http.client.FORBIDDEN


def test_the_garbage_collector_runs_where_it_was_asked_for(plane: ControlPlane) -> None:
    owner = save(plane.api, config_map("owner"))
    reference = {"apiVersion": "v1", "kind": "ConfigMap", "name": "owner", "uid": owner["metadata"]["uid"]}
    owned = save(plane.api, config_map("owned", ownerReferences=[reference]))
    assert plane.api.request("DELETE", f"{CONFIG_MAPS}/owner")[0] == http.client.OK
    assert _deleted(plane.api, owned)


def test_bad_flags_are_reported_with_the_servers_own_words() -> None:
    plane = ControlPlane(api_server_flags=("--no-such-flag",))
    with pytest.raises(ClusterError) as caught, plane:
        pass
    assert "error in kube-apiserver" in caught.value.report()
    assert not plane.paths.root.exists()


def test_stopping_leaves_no_process_and_no_file(state: Path) -> None:
    with ControlPlane() as plane:
        root = plane.paths.root
        assert len(marked(root)) == 2
    assert marked(root) == []
    assert list(state.iterdir()) == []


def test_several_may_remove_what_is_left_of_one_at_once(tmp_path: Path) -> None:
    """As the workers of a test run do that begin after one was killed."""
    for number in range(10):
        folder = tmp_path / f"left-{number}"
        folder.mkdir()
        for file in range(100):
            (folder / f"file-{file}").touch()
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(remove_state, [folder] * 4))
        assert not folder.exists()


def test_a_control_plane_whose_owner_was_killed_is_reaped(state: Path) -> None:
    victim = multiprocessing.get_context("fork").Process(target=_start_and_die)
    victim.start()
    victim.join(timeout=60)
    assert victim.exitcode == -signal.SIGKILL
    (root,) = state.iterdir()
    left = marked(root)
    assert len(left) == 2
    assert reap_orphans() == [root.name]
    assert all(wait_for_end(process, seconds=10) for process in left)
    assert list(state.iterdir()) == []


def test_a_start_that_was_cut_short_is_begun_anew(state: Path) -> None:
    victim = multiprocessing.get_context("fork").Process(target=_die_while_starting, args=("cut",))
    victim.start()
    victim.join(timeout=60)
    assert victim.exitcode == -signal.SIGKILL
    plane = ControlPlane(name="cut", outlives=True)
    try:
        plane.start()
        assert plane.api.is_ready()
        assert len(marked(plane.paths.root)) == 2
    finally:
        plane.stop()
    assert list(state.iterdir()) == []


def _start_and_die() -> None:
    ControlPlane().start()
    os.kill(os.getpid(), signal.SIGKILL)


def _die_while_starting(name: str) -> None:
    """As if killed after etcd was started and before anything was said to be complete."""
    plane = ControlPlane(name=name, outlives=True)
    plane.start_apiserver = lambda: os.kill(os.getpid(), signal.SIGKILL)  # type: ignore[method-assign]
    plane.start()


def _deleted(api: Api, manifest: dict[str, Any]) -> bool:
    """Whether a watch from its last version says so; the server ends it after a minute."""
    address = urlsplit(api.server)
    connection = http.client.HTTPSConnection(
        address.hostname or "", address.port, timeout=70, context=api._context
    )
    metadata = manifest["metadata"]
    version, selector = metadata["resourceVersion"], f"metadata.name={metadata['name']}"
    query = f"watch=true&timeoutSeconds=60&resourceVersion={version}&fieldSelector={selector}"
    with closing(connection):
        connection.request("GET", f"{CONFIG_MAPS}?{query}")
        return any(json.loads(line)["type"] == "DELETED" for line in connection.getresponse())
