"""O12: which cluster and namespace a command means, said before the subcommand or behind it."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner, Result

from parley_cli.main import main


@pytest.fixture
def kubeconfig(tmp_path: Path) -> str:
    """Whose contexts `east` and `west` lead to ports on which nobody listens, 9 and 11."""
    names = {"east": 9, "west": 11}
    content = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "east",
        "clusters": [{"name": n, "cluster": {"server": f"http://127.0.0.1:{p}"}} for n, p in names.items()],
        "contexts": [{"name": n, "context": {"cluster": n, "user": "u"}} for n in names],
        "users": [{"name": "u", "user": {"token": "t"}}],
    }
    file = tmp_path / "kubeconfig"
    file.write_text(yaml.safe_dump(content))
    return str(file)


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, list(arguments), env={"KUBECONFIG": "/nowhere"})


def test_o12_what_stands_before_the_subcommand_counts(kubeconfig: str) -> None:
    before = run("--kubeconfig", kubeconfig, "status")
    behind = run("status", "--kubeconfig", kubeconfig)
    assert before.exit_code == 3
    assert "the API server does not answer" in before.stderr
    assert before.stderr == behind.stderr


def test_o12_what_stands_behind_it_counts_more(kubeconfig: str) -> None:
    missing = run("--kubeconfig", kubeconfig, "--context", "north", "status")
    assert "has no context north: `kubectl config get-contexts`" in missing.stderr
    found = run("--kubeconfig", kubeconfig, "--context", "north", "status", "--context", "west")
    assert "the API server does not answer" in found.stderr
    assert "no cluster" in run("--kubeconfig", kubeconfig, "status", "--kubeconfig", "/elsewhere").stderr


@pytest.mark.parametrize("command", ["version", "validate", "talk", "completion"])
def test_o12_a_subcommand_that_asks_no_cluster_takes_no_harm(command: str) -> None:
    given = {"version": [], "validate": ["--help"], "talk": ["--help"], "completion": ["bash"]}[command]
    assert run("-n", "voice", "--context", "east", command, *given).exit_code == 0


def test_o12_a_kubeconfig_that_leads_nowhere_is_said_with_what_mends_it(tmp_path: Path) -> None:
    said = run("status")
    assert said.stderr == (
        "Error: no cluster: there is no kubeconfig /nowhere: name one with --kubeconfig or $KUBECONFIG\n"
    )
    file = tmp_path / "kubeconfig"
    file.write_text("apiVersion: v1\nkind: Config\nclusters: []\ncontexts: []\nusers: []\n")
    said = run("status", "--kubeconfig", str(file))
    assert f"{file} chooses no context: name one with --context" in said.stderr
    for text in ("", "[", "- 1\n"):
        file.write_text(text)
        said = run("status", "--kubeconfig", str(file))
        assert (said.exit_code, len(said.stderr.splitlines())) == (3, 1)
        assert f"no cluster: {file} cannot be used: " in said.stderr


def test_o12_help_says_so() -> None:
    said = run("--help").output
    assert all(option in said for option in ("-n, --namespace", "--context", "--kubeconfig", "before COMMAND"))
