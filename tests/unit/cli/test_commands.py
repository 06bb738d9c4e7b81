"""The commands that need no gateway and no cluster."""

from __future__ import annotations

import json
import subprocess
import sys
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


def test_version_loads_neither_sound_nor_cluster() -> None:
    program = (
        "import sys; from parley_cli.main import main; main(['version'], standalone_mode=False);"
        "sys.exit(any(name in sys.modules for name in ('numpy', 'soxr', 'websockets', 'kopf', 'parley_operator')))"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False, timeout=60).returncode == 0


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


@pytest.mark.parametrize("arguments", [[], ["/nowhere.yaml"], ["."]])
def test_o12_what_cannot_be_read_is_a_usage_error_in_words(arguments: list[str], tmp_path: Path) -> None:
    arguments = [str(tmp_path) if argument == "." else argument for argument in arguments]
    result = run("validate", *arguments)
    assert result.exit_code == 2
    assert "Errno" not in result.output
    assert any(
        words in result.output for words in ("name a YAML file", "No such file", "there is no VoiceDeployment")
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


def test_o12_render_of_an_invalid_resource_renders_nothing() -> None:
    result = run("render", "-f", "-", stdin=MINIMAL.replace("receptionist", "Not A Name"))
    assert (result.exit_code, result.stdout) == (1, "")


def test_no_color_reaches_a_file() -> None:
    assert "\x1b" not in run("validate", "-f", "-", stdin=MINIMAL).output


@pytest.mark.parametrize("address", ["nonsense", ":1", "host:", "host:99999", "host:abc"])
def test_talk_explains_a_wrong_address(address: str) -> None:
    result = run("talk", "ws://127.0.0.1:1/", "--connect", address, "--text", "x")
    assert (result.exit_code, "HOST:PORT" in result.output) == (2, True)


def test_talk_says_what_is_wrong_before_it_connects(tmp_path: Path) -> None:
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
