"""The emulators as a process: scripted and asked over HTTP, and ended by a signal."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from parley_gateway.ports import LlmText
from tests.emulators.fixtures import API_KEY, emulator_process, emulator_url
from tests.emulators.manifest import emulator_manifests
from tests.gateway.providers.network import SAID, Network, a_request, drained, open_provider

__all__ = ["emulator_url"]


def call(method: str, url: str, body: object = None) -> Any:
    request = Request(url, method=method, data=None if body is None else json.dumps(body).encode())
    with urlopen(request, timeout=10) as response:
        return json.load(response)


async def test_a_process_is_scripted_and_asked_over_http(emulator_url: str, key_file: Path) -> None:
    call("PUT", f"{emulator_url}/control/script/anthropic", {"replies": ["Good day."]})
    async with open_provider(Network(emulator_url, key_file).anthropic()) as llm:
        events, _ = await drained(llm.reply(a_request()))
    assert "".join(event.delta for event in events if isinstance(event, LlmText)) == "Good day."
    journal = call("GET", f"{emulator_url}/control/journal")
    assert [entry["route"] for entry in journal] == ["/v1/messages"]
    assert SAID in json.dumps(journal)
    assert API_KEY not in json.dumps(journal)
    call("POST", f"{emulator_url}/control/reset", {})
    assert call("GET", f"{emulator_url}/control/journal") == []


def test_a_script_with_a_mistake_is_refused_and_says_which(emulator_url: str) -> None:
    with pytest.raises(HTTPError) as caught:
        call("PUT", f"{emulator_url}/control/script/deepgram", {"transcript": "hello"})
    assert caught.value.code == 400
    assert "transcript" in caught.value.read().decode()


def test_scripts_may_come_from_a_file(tmp_path: Path) -> None:
    scripts = tmp_path / "scripts.json"
    scripts.write_text(json.dumps({"openai_chat": {"replies": ["Hello."]}}))
    with emulator_process(scripts=scripts) as url:
        assert call("GET", f"{url}/control/health") == {"open_connections": 1}


def test_a_cluster_runs_them_on_an_image_that_is_there(tmp_path: Path) -> None:
    configmap, deployment, service = emulator_manifests(image="example.com/gateway:1", namespace="voice")
    container = deployment["spec"]["template"]["spec"]["containers"][0]
    assert container["image"] == "example.com/gateway:1"
    assert service["spec"]["ports"][0]["port"] == 8089
    package = tmp_path / "tests" / "emulators"
    package.mkdir(parents=True)
    for name, source in configmap["data"].items():
        (package / name).write_text(source)
    with emulator_process(root=tmp_path) as url:
        assert call("GET", f"{url}/control/journal") == []
