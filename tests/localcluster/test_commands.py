"""The command line: what it answers, and what it says when it cannot."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from localcluster import ControlPlane

ROOT = Path(__file__).parents[2]


def localcluster(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "localcluster", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=100)


def refused(*arguments: str) -> str:
    """The report of a command that fails as it should: by a report, not by a traceback."""
    result = localcluster(*arguments)
    assert result.returncode == 1
    assert "Traceback" not in result.stderr
    assert "what to do: " in result.stderr
    return result.stderr


@pytest.mark.parametrize("command", ["status", "kubeconfig"])
def test_a_cluster_that_is_not_up_says_so(state: Path, command: str) -> None:
    assert "run `up` first" in refused(command, "--name", "nowhere")


def test_the_status_of_a_control_plane_that_is_not_up(state: Path) -> None:
    assert "run `up` first" in refused("status", "--profile", "control-plane")


def test_down_of_nothing_is_no_error(state: Path) -> None:
    assert localcluster("down", "--profile", "control-plane").returncode == 0


def test_a_missing_dockerfile_is_named(state: Path, tmp_path: Path) -> None:
    missing = tmp_path / "Dockerfile"
    assert f"{missing} does not exist" in refused("build-image", "demo", "-f", str(missing), str(tmp_path))


def test_kind_without_kind_says_what_to_install(state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(state))
    assert "install kind" in refused("up", "--cluster", "kind")


def test_an_unknown_cluster_is_refused() -> None:
    result = localcluster("up", "--cluster", "production")
    assert result.returncode == 2
    assert "invalid choice: 'production'" in result.stderr


@pytest.fixture(scope="module")
def plane() -> Iterator[ControlPlane]:
    with ControlPlane() as running:
        yield running


@pytest.mark.controlplane
class TestCurrent:
    """`--cluster current`, with a control plane as the user's cluster."""

    def test_it_uses_the_users_kubeconfig(self, plane: ControlPlane, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("KUBECONFIG", f"{plane.kubeconfig}:/elsewhere")
        assert localcluster("up", "--cluster", "current").returncode == 0
        assert localcluster("kubeconfig", "--cluster", "current").stdout == f"{plane.kubeconfig}\n"

    def test_down_leaves_it_alone(self, plane: ControlPlane, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("KUBECONFIG", str(plane.kubeconfig))
        assert localcluster("down", "--cluster", "current").returncode == 0
        assert plane.api.is_ready()

    def test_an_image_cannot_be_loaded_into_it(self, plane: ControlPlane, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("KUBECONFIG", str(plane.kubeconfig))
        assert "push localhost/demo:1 to a registry" in refused("load", "demo:1", "--cluster", "current")


@pytest.mark.controlplane
def test_a_control_plane_from_up_to_down(state: Path) -> None:
    assert localcluster("up", "--profile", "control-plane", "--name", "one").returncode == 0
    try:
        status = localcluster("status", "--name", "one")
        assert status.returncode == 0
        assert "control plane ready" in status.stdout
        kubeconfig = localcluster("kubeconfig", "--name", "one").stdout.strip()
        assert Path(kubeconfig).is_file()
        ControlPlane(name="one", outlives=True).kill_apiserver()
        assert localcluster("status", "--name", "one").returncode == 1
        assert localcluster("up", "--profile", "control-plane", "--name", "one").returncode == 0
        assert localcluster("status", "--name", "one").returncode == 0
    finally:
        assert localcluster("down", "--name", "one").returncode == 0
    assert not (state / "one").exists()
