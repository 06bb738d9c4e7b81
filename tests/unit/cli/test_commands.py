"""The commands that need no gateway and no cluster."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner, Result

from parley_cli.main import main

SAMPLES = Path(__file__).parents[3] / "manifests" / "samples"
MINIMAL = """
apiVersion: parley.dev/v1alpha1
kind: VoiceDeployment
metadata: {name: receptionist}
spec:
  agent: {instructions: Be brief.}
  pipeline: {stt: {provider: Embedded}, llm: {provider: Embedded}, tts: {provider: Embedded}}
"""


def run(*arguments: str, stdin: str | None = None) -> Result:
    return CliRunner().invoke(main, list(arguments), input=stdin)


def test_help_lists_every_command() -> None:
    said = run("--help").output
    assert all(name in said for name in ("talk", "validate", "render", "version"))


def test_version_names_the_protocol() -> None:
    assert "parley.v1" in run("version").output
    assert json.loads(run("version", "-o", "json").output)["protocol"] == "parley.v1"
    assert yaml.safe_load(run("version", "-o", "yaml").output)["protocol"] == "parley.v1"


def test_a_command_that_there_is_not_is_told_with_the_one_that_was_meant() -> None:
    said = run("stauts")
    assert (said.exit_code, "there is no command stauts; did you mean status?" in said.stderr) == (2, True)
    assert "No such option" in run("--nonsense").stderr


@pytest.mark.parametrize("sample", sorted(SAMPLES.glob("*.yaml")), ids=lambda path: path.stem)
def test_o12_the_samples_are_valid(sample: Path) -> None:
    result = run("validate", "-f", str(sample))
    assert (result.exit_code, "valid" in result.output) == (0, True)


def test_o12_validate_reads_standard_input() -> None:
    assert run("validate", "-f", "-", stdin=MINIMAL).output == "receptionist: valid\n"


def test_o12_a_misspelt_field_is_an_error_with_its_path() -> None:
    result = run("validate", "-f", "-", stdin=MINIMAL.replace("instructions", "instruction"))
    assert result.exit_code == 1
    assert "spec.agent.instruction: there is no such field" in result.output


def test_o12_all_errors_are_said_at_once_also_as_json() -> None:
    wrong = MINIMAL.replace("llm: {provider: Embedded}", "llm: {provider: Nobody}").replace(
        "spec:", "spec:\n  replicas: many"
    )
    result = run("validate", "-f", "-", "-o", "json", stdin=wrong)
    (report,) = json.loads(result.output)
    assert (result.exit_code, report["valid"]) == (1, False)
    assert {error["path"] for error in report["errors"]} >= {"spec.replicas", "spec.pipeline.llm.provider"}


def test_o12_files_may_be_arguments_options_and_folders(tmp_path: Path) -> None:
    for name in ("b.yml", "a.yaml", "notes.txt"):
        (tmp_path / name).write_text(MINIMAL.replace("receptionist", name[0]))
    (tmp_path / "kustomization.yaml").write_text("kind: Kustomization\n")
    assert run("validate", str(tmp_path)).output == "a: valid\nb: valid\n"
    one = str(tmp_path / "b.yml")
    assert run("validate", one, "-f", one).output == "b: valid\nb: valid\n"


def test_o12_a_folder_without_a_yaml_file_is_said_to_have_none(tmp_path: Path) -> None:
    (tmp_path / "production").mkdir()
    (tmp_path / "production" / "voice.yaml").write_text(MINIMAL)
    said = run("validate", str(tmp_path))
    assert (said.exit_code, "no YAML file in this folder" in said.stderr) == (2, True)


@pytest.mark.parametrize("arguments", [[], ["/nowhere.yaml"], ["."]])
def test_o12_what_cannot_be_read_is_a_usage_error_in_words(arguments: list[str], tmp_path: Path) -> None:
    arguments = [str(tmp_path) if argument == "." else argument for argument in arguments]
    result = run("validate", *arguments)
    assert result.exit_code == 2
    assert "Errno" not in result.output
    assert any(
        words in result.output for words in ("name a YAML file", "No such file", "no YAML file in this folder")
    )


@pytest.mark.parametrize("text", ["", "a: [", "kind: Pod\n", "- 1\n"])
def test_o12_a_file_without_a_resource_is_a_usage_error(text: str) -> None:
    assert run("validate", "-f", "-", stdin=text).exit_code == 2


def test_o12_a_file_that_is_not_there() -> None:
    result = run("validate", "-f", "/nowhere.yaml")
    assert (result.exit_code, "/nowhere.yaml" in result.output) == (2, True)


def test_o12_render_gives_every_object_and_no_secret() -> None:
    result = run("render", "-f", "-", stdin=MINIMAL)
    kinds = {document["kind"] for document in yaml.safe_load_all(result.stdout)}
    assert {"Deployment", "Service", "ConfigMap", "ServiceAccount"} <= kinds
    assert "Secret" not in kinds


def test_o12_render_names_the_secrets_that_it_leaves_out() -> None:
    """For people alone: what a program reads is the objects."""
    said = run("render", "-f", "-", stdin=MINIMAL).stderr
    assert said.startswith("note: receptionist: Secrets receptionist-salt, receptionist-token are left out")
    assert "in the cluster" in said
    served = "endpoint: {hosts: [voice.example.com], ingress: {className: traefik, tls: {selfSigned: {}}}}"
    signed = run("render", "-f", "-", stdin=f"{MINIMAL}  {served}\n")
    assert "Secrets receptionist-ca, receptionist-salt, receptionist-tls, receptionist-token are" in signed.stderr
    assert "Secrets" not in signed.stdout


def test_o12_render_of_an_invalid_resource_renders_nothing() -> None:
    result = run("render", "-f", "-", stdin=MINIMAL.replace("receptionist", "Not A Name"))
    assert (result.exit_code, result.stdout) == (1, "")


class TestDiff:
    def test_o12_what_is_wrong_in_a_file_is_no_wrong_call(self) -> None:
        """It is said in the lines of `validate`, and what would change cannot be told."""
        wrong = MINIMAL.replace("instructions", "instruction").replace("spec:", "spec:\n  replicas: many")
        said = run("diff", "-f", "-", stdin=wrong)
        assert said.exit_code == 2
        assert "Usage:" not in said.output
        checked = run("validate", "-f", "-", stdin=wrong).stdout.splitlines()
        assert said.stderr.splitlines() == [line for line in checked if ": error: " in line]

    def test_o12_a_wrong_call_is_one(self) -> None:
        said = run("diff")
        assert (said.exit_code, "Usage:" in said.stderr) == (2, True)

    def test_o12_where_nobody_answers_it_ends_as_other_commands_do(self) -> None:
        said = run("diff", "-f", "-", "--kubeconfig", "/nowhere", stdin=MINIMAL)
        assert (said.exit_code, said.stderr.startswith("Error: no cluster: ")) == (3, True)


def test_no_color_reaches_a_file() -> None:
    assert "\x1b" not in run("validate", "-f", "-", stdin=MINIMAL).output


@pytest.mark.parametrize("address", ["nonsense", ":1", "host:", "host:99999", "host:abc"])
def test_talk_explains_a_wrong_address(address: str) -> None:
    result = run("talk", "ws://127.0.0.1:1/", "--connect", address, "--text", "x")
    assert (result.exit_code, "HOST:PORT" in result.output) == (2, True)


def test_talk_says_what_is_wrong_before_it_connects(tmp_path: Path) -> None:
    """And before it looks for a microphone."""
    for url in ("https://voice.example.com", "voice.example.com"):
        elsewhere = run("talk", url)
        assert (elsewhere.exit_code, "it begins with wss:// or ws://" in elsewhere.stderr) == (2, True)
    empty = run("talk", "ws://127.0.0.1:9/", "--text", " ")
    assert (empty.exit_code, "1 to 8000 characters" in empty.output) == (2, True)
    long = run("talk", "ws://127.0.0.1:9/", "--text", "a" * 8001)
    assert (long.exit_code, "1 to 8000 characters" in long.output) == (2, True)
    nowhere = run("talk", "ws://127.0.0.1:9/", "--text", "hello", "--save", str(tmp_path / "no" / "a.wav"))
    assert (nowhere.exit_code, "does not exist" in nowhere.output) == (2, True)


def test_colours_are_for_terminals_and_not_where_nobody_wants_them() -> None:
    wrong = MINIMAL.replace("instructions", "instruction")
    runner = CliRunner()
    coloured = runner.invoke(main, ["validate", "-f", "-"], input=wrong, color=True)
    assert "\x1b" in coloured.output
    plain = runner.invoke(main, ["validate", "-f", "-"], input=wrong, color=True, env={"NO_COLOR": "1"})
    assert "\x1b" not in plain.output
