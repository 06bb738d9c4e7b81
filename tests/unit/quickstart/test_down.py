"""`make down` tells what it takes away while it does, and how long each part took."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from quickstart import __main__ as program
from quickstart import farewell, release, sample

KUBECTL = """#!/bin/sh
echo "kubectl $*" >> {log}
case "$*" in
  "config current-context") echo staging;;
  "get {definition} --all-namespaces"*) printf '{others}';;
esac
"""
HELM = """#!/bin/sh
echo "helm $*" >> {log}
"""


class Down:
    """`make down CLUSTER=current`, with a kubectl and a helm that write down what they are asked."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
        self._folder, self._log, self._capfd = folder, folder / "log", capfd
        self._log.touch()
        monkeypatch.setenv("PATH", str(folder), prepend=":")
        monkeypatch.setattr(farewell, "FOLDER", folder / "kept")
        monkeypatch.setattr(sys, "argv", ["quickstart", "--cluster", "current", "down"])

    def __call__(self, *, others: str = "") -> list[str]:
        """What it says, in lines, without the times."""
        for name, text in (("kubectl", KUBECTL), ("helm", HELM)):
            file = self._folder / name
            file.write_text(text.format(log=self._log, definition=release.DEFINITION, others=others))
            file.chmod(0o755)
        assert program.main() == 0
        return [line.partition("] ")[2].partition(": done in ")[0] for line in self._said()]

    def _said(self) -> list[str]:
        lines = self._capfd.readouterr().err.splitlines()
        assert all(line.startswith("[") and "s] " in line for line in lines)
        return lines

    @property
    def asked(self) -> list[str]:
        return self._log.read_text().splitlines()


@pytest.fixture
def down(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Down:
    return Down(tmp_path, monkeypatch, capfd)


def test_each_part_is_said_when_it_begins_and_when_it_is_over(down: Down) -> None:
    whole = "taking away the current context 'staging'"
    namespace, operator = (
        f"deleting the namespace {sample.NAMESPACE}",
        f"uninstalling the operator from {release.NAMESPACE}",
    )
    assert down() == [
        *(f"{whole} ...", f"{namespace} ...", namespace, f"{operator} ...", operator, whole),
        "nothing of it is left running",
    ]
    assert any(asked.startswith("helm uninstall") for asked in down.asked)


def test_an_operator_that_serves_others_stays_and_that_is_said(down: Down) -> None:
    assert "the operator stays: it serves voice/receptionist" in down(others="voice/receptionist\\n")
    assert not any(asked.startswith("helm uninstall") for asked in down.asked)
