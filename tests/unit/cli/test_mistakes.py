"""O12: what a newcomer writes wrong is one line with its place, and says what was probably meant."""

from __future__ import annotations

import json
import re
from io import StringIO
from pathlib import Path
from unittest.mock import patch

import pytest
from click.testing import CliRunner, Result
from hypothesis import event, given
from hypothesis import strategies as st

from parley_cli.documents import UnreadableError, documents
from parley_cli.main import main

GOOD = """\
apiVersion: parley.dev/v1alpha1
kind: VoiceDeployment
metadata: {name: receptionist}
spec:
  agent:
    instructions: Be brief.
  pipeline:
    stt: {provider: Embedded}
    llm: {provider: Embedded}
    tts: {provider: Embedded}
"""
DEPLOYMENT = "---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\n"

TAGS = ["!!int ", "!!bool ", "!!timestamp ", "!!float ", "!!set ", "!!omap ", "!!binary "]
PIECES = [*'a1[]{},|%=é"\n\t\0', ": ", "  ", "- ", "? ", "&x ", "*x", "<<", "---\n", "0b_", *TAGS]
"""Of YAML, also of what is none."""


def run(text: str, *arguments: str) -> Result:
    return CliRunner().invoke(main, [*(arguments or ("validate",)), "-"], input=text)


def errors(text: str) -> list[tuple[int, str, str]]:
    (report,) = json.loads(run(text, "validate", "-o", "json").stdout)
    return [(one["line"], one["path"], one["message"]) for one in report["errors"]]


def refused(text: str) -> UnreadableError | None:
    with patch("sys.stdin", StringIO(text)):
        try:
            documents(Path("-"))
        except UnreadableError as error:
            return error
    return None


def test_o12_a_key_that_is_there_twice_is_an_error_at_the_second_one() -> None:
    text = GOOD + "  agent:\n    instructions: Be rude.\n"
    assert errors(text) == [(11, "spec.agent", "is there twice, first on line 5; keep one of them")]
    assert run(text).exit_code == 1


def test_o12_a_key_is_found_twice_in_lists_and_before_what_is_merged_counts() -> None:
    keys = "  auth:\n    apiKeys:\n    - {name: a, name: b}\n"
    assert ("spec.auth.apiKeys[0].name", 13) in {(path, line) for line, path, _ in errors(GOOD + keys)}
    merged = GOOD.replace("stt: {provider: Embedded}", "stt: &own {provider: Embedded}").replace(
        "tts: {provider: Embedded}", "tts: {<<: *own, provider: Embedded}"
    )
    assert run(merged).exit_code == 0


def test_o12_of_a_key_that_is_there_twice_the_last_is_what_counts() -> None:
    assert (12, "spec.agent.instructions") in {
        (line, path) for line, path, _ in errors(GOOD + "  agent:\n    instructions: 3\n")
    }


@pytest.mark.parametrize("command", ["render", "diff"])
def test_o12_other_commands_refuse_a_key_that_is_there_twice(command: str) -> None:
    said = run(GOOD + "  agent: {instructions: Be rude.}\n", command)
    assert (said.exit_code, said.stdout) == ({"render": 1, "diff": 2}[command], "")
    assert "-:11:" in said.stderr
    assert "spec.agent: is there twice, first on line 5" in said.stderr


@pytest.mark.parametrize(
    ("text", "line", "remedy"),
    [
        ("a:\n\tb: 1\n", 2, "spaces, not tabs"),
        ("a: b\n  c: d\n", 2, "indentation"),
        ("a:\n  b: 1\n c: 2\n", 3, "indentation"),
        ("a: [\n", 1, "close the quote or the bracket"),
        ('a: "x\nb: 3\n', 2, "close the quote or the bracket"),
        ("a: 1\nb: @c\n", 2, "quote a text"),
        ("a: 1\nb: {{ .Values.b }}\n", 2, "quote a text"),
        ("a: 1\nb: 2026-13-45\n", 2, "quote it"),
        ("a: 1\nb: \x01\n", 2, "remove it"),
        ("a: 1\nb: *c\n", 2, "anchor"),
        ("a: 1\nb: !!bool c\n", 2, "quote it"),
        ("a: 1\nb: !!timestamp c\n", 2, "quote it"),
        ("a: 1\nb: !secret c\n", 2, "remove the tag"),
    ],
)
@pytest.mark.parametrize("command", ["validate", "render", "diff"])
def test_o12_what_is_no_yaml_is_one_line_with_its_place_and_a_remedy(
    command: str, text: str, line: int, remedy: str
) -> None:
    said = run(text, command)
    assert (said.exit_code, said.stdout) == (2, "")
    (only,) = said.stderr.splitlines()
    assert only.startswith(f"-:{line}: error: ")
    assert remedy in only
    assert "<unicode string>" not in only


@given(st.lists(st.sampled_from(PIECES), max_size=30).map("".join))
def test_o12_whatever_a_file_holds_it_is_read_or_refused_in_one_line_with_its_place(text: str) -> None:
    refusal = refused(text)
    event("read" if refusal is None else "refused")
    if refusal is not None:
        assert "\n" not in refusal.message
        assert 1 <= int(refusal.place.removeprefix("-:")) <= len(text.splitlines())


@pytest.mark.parametrize("kind", ["VoiceDeploment", "voicedeployment", "VoiceDeployments"])
def test_o12_a_slip_in_the_kind_is_an_error_at_its_line_also_beside_others(kind: str) -> None:
    said = run(GOOD + "---\n" + GOOD.replace("kind: VoiceDeployment", f"kind: {kind}"))
    assert said.exit_code == 2
    assert "receptionist: valid" in said.stdout
    assert said.stderr == (
        f"-:13: error: expected kind VoiceDeployment, apiVersion parley.dev/v1alpha1, not {kind} "
        "(parley.dev/v1alpha1); did you mean VoiceDeployment?\n"
    )


def test_o12_an_unknown_kind_of_our_group_is_an_error_and_anybody_elses_is_none() -> None:
    assert run(GOOD + DEPLOYMENT).exit_code == 0
    assert "not Agent (parley.dev/v1)\n" in run(GOOD + "---\napiVersion: parley.dev/v1\nkind: Agent\n").stderr


def test_o12_another_version_is_an_error_that_says_which_one() -> None:
    assert errors(GOOD.replace("v1alpha1", "v1")) == [(1, "apiVersion", "should be 'parley.dev/v1alpha1'")]


def test_o12_a_file_without_a_resource_says_what_is_in_it_within_bounds() -> None:
    assert "no VoiceDeployment in it, only Deployment (apps/v1); expected" in run(DEPLOYMENT).stderr
    assert "in it, nothing at all; expected kind VoiceDeployment" in run("").stderr
    assert "only a document that is no object, no kind (no apiVersion); " in run("- 1\n---\na: 1\n").stderr
    many = run(f"---\nkind: {'x' * 10_000}\n" * 100).stderr
    assert "… (no apiVersion) and 95 more; expected" in many
    assert len(many) < 600


@pytest.mark.parametrize(
    ("right", "wrong", "meant"),
    [
        ("agent:", "agnt:", "agent"),
        ("instructions", "instructons", "instructions"),
        ("spec:", "spec:\n  endpoint: {ingress: {tls: {selfsigned: {}}}}", "selfSigned"),
        ("llm: {provider: Embedded}", "llm: {provider: anthropic}", "Anthropic"),
        ("llm: {provider: Embedded}", "llm: {provider: openai}", "OpenAI"),
    ],
)
def test_o12_a_slip_in_a_field_or_value_is_told_what_was_meant(right: str, wrong: str, meant: str) -> None:
    assert any(
        message.endswith(f"; did you mean {meant}?") for _, _, message in errors(GOOD.replace(right, wrong))
    )


def test_o12_what_is_near_nothing_and_what_is_there_already_are_not_proposed() -> None:
    strange = GOOD.replace("agent:", "mood: sunny\n  agnt: {}\n  agent:").replace(
        "llm: {provider: Embedded}", "llm: {provider: Xyz}"
    )
    assert len(errors(strange)) == 3
    assert not any("did you mean" in message for _, _, message in errors(strange))


def test_o12_errors_are_in_the_order_of_their_lines() -> None:
    text = GOOD.replace("v1alpha1", "v1").replace("Be brief.", "3") + "  mood: sunny\n  replicas: many\n"
    lines = [line for line, _, _ in errors(text)]
    assert lines == [1, 6, 11, 12]
    said = [int(number) for number in re.findall(r"^-:(\d+): error", run(text).stdout, re.MULTILINE)]
    assert said == lines


def test_o12_a_list_that_is_none_says_of_what() -> None:
    keys = GOOD.replace("llm: {provider: Embedded}", "llm: {provider: OpenAI, model: m, apiKeys: sk-123}")
    assert errors(keys) == [(9, "spec.pipeline.llm.apiKeys", "should be a list of objects with secretKeyRef")]
    assert "sk-123" not in run(keys).output
    hosts = errors(GOOD + "  endpoint: {hosts: a.example.com}\n")
    assert hosts == [(11, "spec.endpoint.hosts", "should be a list of strings")]


def test_o12_who_mends_wrong_fields_is_told_that_rules_come_after(tmp_path: Path) -> None:
    hidden = "note: receptionist: some rules between fields were not checked: mend these errors first"
    rule = "  limits: {sessionDuration: 2h}\n  rollout: {drainTimeout: 30m}\n"
    both = GOOD.replace("Be brief.", "3") + rule
    assert run(both).stdout.splitlines()[-1] == hidden
    assert hidden not in run(GOOD + rule).stdout
    unknown = run(GOOD + rule + "  mood: sunny\n").stdout
    assert "spec.rollout.drainTimeout" in unknown
    assert hidden not in unknown
    for name in ("a.yaml", "b.yaml"):
        (tmp_path / name).write_text(both)
    assert CliRunner().invoke(main, ["validate", str(tmp_path)]).stdout.count(hidden) == 1
