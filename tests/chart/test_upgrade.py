"""Helm itself on a real API server: from an older chart to this one, back, away and in again (O10, O11).

No kubelet runs here, so nothing is waited for but what the API server answers.
"""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from charts.derive import NAMESPACE, RELEASE, ROOT
from localcluster import ControlPlane
from quickstart.commands import Commands, StepError

pytestmark = pytest.mark.timeout(900)

CRD = "voicedeployments.parley.dev"
SECONDS = 60.0
NEW_FIELD = {"turnTaking": {"endOfTurn": "Provider"}}


@pytest.fixture(scope="module")
def admin(kubectl: str, helm: str) -> Iterator[Commands]:
    with ControlPlane() as server:
        paths = ":".join(str(Path(program).parent) for program in (kubectl, helm))
        yield Commands({"KUBECONFIG": str(server.kubeconfig), "PATH": paths})


@pytest.fixture(scope="module")
def older(tmp_path_factory: pytest.TempPathFactory, chart: str) -> str:
    """This chart as it could have been before: its definition knows no `turnTaking`, and its version is lower."""
    folder = tmp_path_factory.mktemp("charts") / "parley"
    shutil.copytree(chart, folder)
    about = yaml.safe_load((folder / "Chart.yaml").read_text())
    (folder / "Chart.yaml").write_text(yaml.safe_dump({**about, "version": "0.0.9", "appVersion": "0.0.9"}))
    path = folder / "files" / "crds" / f"{'_'.join(reversed(CRD.split('.', 1)))}.yaml"
    definition = yaml.safe_load(path.read_text())
    [version] = definition["spec"]["versions"]
    spec = version["schema"]["openAPIV3Schema"]["properties"]["spec"]
    del spec["properties"]["turnTaking"]
    spec["x-kubernetes-validations"] = [
        rule for rule in spec.get("x-kubernetes-validations", ()) if "turnTaking" not in rule["rule"]
    ]
    path.write_text(yaml.safe_dump(definition))
    return str(folder)


def helm(admin: Commands, *arguments: str) -> str:
    return admin.read("helm", *arguments, "--namespace", NAMESPACE, timeout=120)


def get(admin: Commands, *what: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(admin.read("kubectl", "get", *what, "-o", "json"))
    return found


def voice(name: str, **spec: Any) -> str:
    sample = yaml.safe_load((ROOT / "manifests" / "samples" / "quickstart.yaml").read_text())
    return yaml.safe_dump({**sample, "metadata": {"name": name}, "spec": {**sample["spec"], **spec}})


def until(admin: Commands, *, accepted: bool) -> None:
    """The API server serves a changed definition a moment after it has taken it."""
    deadline = time.monotonic() + SECONDS
    given = voice("probe", **NEW_FIELD)
    while True:
        try:
            admin.read("kubectl", "create", "--validate=strict", "--dry-run=server", "-f", "-", given=given)
        except StepError as error:
            said = "\n".join(error.lines)
            if not accepted and "turnTaking" in said:
                return
        else:
            if accepted:
                return
        assert time.monotonic() < deadline, f"the field is not {'known' if accepted else 'unknown'}"
        time.sleep(0.1)


def test_o11_the_definition_goes_with_the_release_and_the_resources_stay(
    admin: Commands, older: str, chart: str
) -> None:
    helm(admin, "install", RELEASE, older, "--create-namespace")
    until(admin, accepted=False)
    admin.read("kubectl", "create", "-f", "-", given=voice("kept"))
    before = get(admin, "vd", "kept")["metadata"]

    helm(admin, "upgrade", RELEASE, chart)
    until(admin, accepted=True)
    for name in ("new", "written"):
        admin.read("kubectl", "create", "--validate=strict", "-f", "-", given=voice(name, **NEW_FIELD))

    helm(admin, "rollback", RELEASE, "1")
    until(admin, accepted=False)
    assert "turnTaking" not in get(admin, "vd", "new")["spec"], "an older definition does not show what it lacks"
    seen = '{"status": {"observedGeneration": 1}}'
    admin.read("kubectl", "patch", "vd", "written", "--subresource=status", "--type=merge", "-p", seen)
    helm(admin, "upgrade", RELEASE, chart)
    until(admin, accepted=True)
    assert get(admin, "vd", "new")["spec"]["turnTaking"]["endOfTurn"] == "Provider", "and has not lost it"
    assert "turnTaking" not in get(admin, "vd", "written")["spec"], (
        "until the resource is written: docs/upgrading.md"
    )

    helm(admin, "uninstall", RELEASE)
    assert "deletionTimestamp" not in get(admin, "crd", CRD)["metadata"]
    assert not admin.succeeds("kubectl", "-n", NAMESPACE, "get", "deployment", "parley-operator")
    assert {one["metadata"]["name"] for one in get(admin, "vd")["items"]} == {"kept", "new", "written"}

    helm(admin, "install", RELEASE, chart)
    after = get(admin, "vd", "kept")["metadata"]
    assert (after["uid"], after["generation"]) == (before["uid"], before["generation"])
    assert get(admin, "-n", NAMESPACE, "deployment", "parley-operator")["spec"]["replicas"] == 1
