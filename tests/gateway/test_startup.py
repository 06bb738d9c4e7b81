"""A gateway that cannot start says why, in words, and ends with status 2."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from parley_contract.config import GatewayConfig
from parley_gateway.configuration import ConfigurationError
from parley_gateway.gateway import Gateway
from tests.gateway.running import HOST, Site, busy_port


@pytest.fixture
def files(tmp_path: Path) -> Site:
    return Site(tmp_path, "http://127.0.0.1:9")


def start(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "parley_gateway", "--host", HOST, *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def refused(site: Site, *arguments: str) -> str:
    result = start("--config", str(site.write_config()), *(arguments or ("--port", "0")))
    assert result.returncode == 2, result.stderr
    assert "Traceback" not in result.stderr
    return result.stderr


def test_a_configuration_that_is_not_there() -> None:
    result = start("--config", "/nowhere/gateway.json")
    assert (result.returncode, "/nowhere/gateway.json: No such file" in result.stderr) == (2, True)


def test_every_wrong_field_is_named(files: Site) -> None:
    files.settings = {"port": "eighty", "limits": {"session_duration": -1}, "colour": "blue"}
    said = refused(files)
    for place in ("port: ", "limits.session_duration: ", "colour: "):
        assert place in said


def test_a_configuration_of_another_number_is_refused_by_that(files: Site) -> None:
    files.settings = {"schema_version": GatewayConfig.model_fields["schema_version"].default + 1}
    assert "schema_version: " in refused(files)


def test_what_is_no_json(files: Site) -> None:
    path = files.write_config()
    path.write_text("{")
    result = start("--config", str(path))
    assert (result.returncode, "Invalid JSON" in result.stderr) == (2, True)


def test_an_agent_text_that_is_not_there_ends_the_process(files: Site) -> None:
    files.agent.unlink()
    assert "agent.json" in refused(files)


def test_an_agent_text_with_a_wrong_field_is_named_and_not_quoted(files: Site) -> None:
    files.agent.write_text(json.dumps({"instructions": ["confidential"]}))
    with pytest.raises(ConfigurationError, match="instructions: Input should be a valid string") as refusal:
        Gateway(files.config())
    assert "confidential" not in str(refusal.value)


def test_a_missing_token_file(files: Site) -> None:
    files.token.unlink()
    with pytest.raises(ConfigurationError, match="token"):
        Gateway(files.config())


@pytest.mark.parametrize("auth", [{}, {"anonymous": False}])
def test_an_agent_that_nobody_may_call(files: Site, auth: dict[str, Any]) -> None:
    files.settings = {"auth": auth}
    with pytest.raises(ConfigurationError, match="anonymous"):
        Gateway(files.config())


def test_a_port_that_is_taken(files: Site) -> None:
    with busy_port() as port:
        said = refused(files, "--port", str(port))
    assert f"cannot listen on port {port}" in said
    assert "--port" in said
