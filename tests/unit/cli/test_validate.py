"""O12: `parley validate` and `parley render` say where in a file something is, and for which cluster."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import strategies as st

from parley_cli.main import main
from parley_cli.positions import line_of
from tests.unit.operator.examples import BAD, Bad

WRONG = """\
# Two documents, of which the second is wrong in a list, in an object, and between two fields.
apiVersion: v1
kind: ConfigMap
metadata: {name: unrelated}
---
apiVersion: parley.dev/v1alpha1
kind: VoiceDeployment
metadata:
  name: receptionist
spec:
  agent:
    instructions: Be brief.
    greetings: Hello
  pipeline:
    stt: {provider: Embedded}
    llm:
      provider: OpenAI
      apiKeys:
      - secretKeyRef: {name: keys, key: openai}
    tts: {provider: Embedded}
  endpoint:
    hosts:
    - voice.example.com
    - Voice.example.com
    ingress: {}
"""
RULES = """\
apiVersion: parley.dev/v1alpha1
kind: VoiceDeployment
metadata: {name: receptionist}
spec:
  agent: {instructions: Be brief.}
  pipeline: {stt: {provider: Embedded}, llm: {provider: Embedded}, tts: {provider: Embedded}}
  limits:
    sessionDuration: 2h
  rollout:
    drainTimeout: 30m
"""
WARNED = """\
apiVersion: parley.dev/v1alpha1
kind: VoiceDeployment
metadata: {name: receptionist}
spec:
  agent: {instructions: Be brief.}
  pipeline: {stt: {provider: Embedded}, llm: {provider: Embedded}, tts: {provider: Embedded}}
  endpoint:
    hosts: [voice.example.com]
    ingress: {}
"""


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, list(arguments))


def written(folder: Path, text: str, name: str = "a.yaml") -> str:
    (folder / name).write_text(text)
    return str(folder / name)


def places(path: str, *arguments: str, grade: str = "errors") -> dict[str, int]:
    (report,) = json.loads(run("validate", path, *arguments, "-o", "json").stdout)
    return {one["path"] or one["message"]: one["line"] for one in report[grade]}


def test_o12_each_problem_has_its_line_also_in_lists_and_where_something_is_missing(tmp_path: Path) -> None:
    assert places(written(tmp_path, WRONG)) == {"spec.agent.greetings": 13, "spec.endpoint.hosts[1]": 24}
    missing = WRONG.replace("    greetings: Hello\n", "").replace("    - Voice.example.com\n", "")
    assert places(written(tmp_path, missing)) == {"spec.pipeline.llm.model": 15}


def test_o12_a_rule_between_fields_has_the_line_of_the_field_to_blame(tmp_path: Path) -> None:
    assert places(written(tmp_path, RULES)) == {"spec.rollout.drainTimeout": 10}


def test_o12_people_and_editors_read_file_and_line_first(tmp_path: Path) -> None:
    path = written(tmp_path, RULES)
    said = run("validate", path).stdout
    assert said.startswith(f"{path}:10: error: receptionist: spec.rollout.drainTimeout: ")


def test_o12_a_warning_is_no_error_and_has_its_line(tmp_path: Path) -> None:
    path = written(tmp_path, WARNED + "  observability:\n    alerts: {mode: Enabled}\n")
    assert run("validate", path, "--api", "none").exit_code == 0
    [(message, line)] = places(path, "--api", "none", grade="warnings").items()
    assert ("PrometheusRule" in message, line) == (True, 11)


def test_g10_a_deadline_that_cannot_matter_is_a_warning_at_its_line(tmp_path: Path) -> None:
    text = WARNED.replace(
        "tts: {provider: Embedded}}", "tts: {provider: Embedded},\n    deadlines: {llm: {firstByte: 2m}}}"
    )
    path = written(tmp_path, text)
    assert run("validate", path).exit_code == 0
    [(message, line)] = places(path, grade="warnings").items()
    assert "pipeline.deadlines.llm.firstByte is 2m" in message
    assert "turnTaking.longestSilence" in message
    assert line == 7


def test_o12_what_the_controller_must_be_told_is_a_note_said_once_for_all(tmp_path: Path) -> None:
    behind = WARNED.replace("ingress: {}", "ingress: {className: traefik}")
    for name in ("receptionist", "concierge"):
        written(tmp_path, behind.replace("receptionist", name), f"{name}.yaml")
    said = run("validate", str(tmp_path)).stdout
    assert said.count("graceTimeOut") == 1
    assert "note: concierge, receptionist: SetInController: " in said
    assert "controllerAdvice: Acknowledged" in said
    assert "warning" not in said
    reports = json.loads(run("validate", str(tmp_path), "-o", "json").stdout)
    assert [(bool(one["notes"]), one["warnings"]) for one in reports] == [(True, []), (True, [])]
    seen_to = behind.replace("  endpoint:\n", "  endpoint:\n    controllerAdvice: Acknowledged\n")
    assert run("validate", written(tmp_path, seen_to, "seen-to.yaml")).stdout == "receptionist: valid\n"


@pytest.mark.parametrize("bad", BAD, ids=lambda bad: bad.name)
def test_o12_every_refusal_is_within_its_document(bad: Bad, tmp_path: Path) -> None:
    text = yaml.safe_dump(bad.document)
    lines = places(written(tmp_path, text))
    assert lines
    assert all(1 <= line <= len(text.splitlines()) for line in lines.values())


@given(st.recursive(st.integers(), lambda below: st.dictionaries(st.sampled_from("abc"), below, max_size=3)))
def test_every_path_of_a_document_has_the_line_where_its_key_stands(document: object) -> None:
    text = yaml.safe_dump({"top": document}, default_flow_style=False)
    node, lines = yaml.compose(text, yaml.SafeLoader), text.splitlines()
    assert node is not None

    def check(value: object, path: str) -> None:
        assert path.rpartition(".")[2] in lines[line_of(node, path) - 1]
        for name, below in value.items() if isinstance(value, dict) else ():
            check(below, f"{path}.{name}")

    check(document, "top")


def test_o12_a_file_that_cannot_be_read_hides_no_other(tmp_path: Path) -> None:
    written(tmp_path, "a: [", "broken.yaml")
    written(tmp_path, "a: 2026-13-45", "no-such-day.yaml")
    written(tmp_path, "[" * 5000, "too-deep.yaml")
    (tmp_path / "binary.yaml").write_bytes(b"\xff\xfe\x00")
    written(tmp_path, RULES, "rules.yaml")
    written(tmp_path, WARNED, "warned.yaml")
    said = run("validate", str(tmp_path))
    assert said.exit_code == 2
    assert all(name in said.stderr for name in ("broken.yaml", "no-such-day.yaml", "too-deep.yaml", "binary.yaml"))
    assert "rules.yaml:10: error" in said.stdout
    assert "receptionist: valid" in said.stdout


def test_o12_which_apis_there_are_may_be_said(tmp_path: Path) -> None:
    def kinds(*arguments: str) -> set[str]:
        said = run("render", written(tmp_path, WARNED), *arguments)
        assert said.exit_code == 0
        return {one["kind"] for one in yaml.safe_load_all(said.stdout)}

    assert {"PodMonitor", "PrometheusRule"} <= kinds()
    assert {"PodMonitor", "PrometheusRule"}.isdisjoint(kinds("--api", "none"))
    assert {"PodMonitor", "PrometheusRule"} & kinds("--api", "PodMonitor") == {"PodMonitor"}
    assert run("render", written(tmp_path, WARNED), "--api", "Nothing").exit_code == 2


def test_o12_programs_may_read_yaml(tmp_path: Path) -> None:
    (report,) = yaml.safe_load(run("validate", written(tmp_path, RULES), "-o", "yaml").stdout)
    assert report["errors"][0]["line"] == 10


def test_o12_a_folder_that_cannot_be_read_hides_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(_: Path) -> None:
        raise PermissionError(13, "Permission denied")

    path = written(tmp_path, RULES)
    monkeypatch.setattr(Path, "iterdir", refused)
    said = run("validate", str(tmp_path), path)
    assert said.exit_code == 2
    assert f"{tmp_path}: error: Permission denied" in said.stderr
    assert "a.yaml:10: error" in said.stdout
