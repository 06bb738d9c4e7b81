"""The examples work as they are printed in docs/protocol.md, each with the program it is written for."""

from __future__ import annotations

import asyncio
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from parley_client import write_wav
from tests.emulators.anthropic_messages import AnthropicScript
from tests.emulators.emulators import Emulators
from tests.emulators.recogniser import DeepgramScript
from tests.gateway.calling import QUESTION
from tests.gateway.running import HOST, TOKEN, Served, Site, served
from tests.gateway.test_tls import certificate, tls_in_front_of

ROOT = Path(__file__).parents[2]
EXAMPLES = sorted((ROOT / "examples").glob("talk.*"))
NODE = [20, 10]
"""The first with a WebSocket like a browser's."""


def node() -> list[str] | None:
    """The command, with what a version needs; None where there is none that will do."""
    if (found := shutil.which("node")) is None:
        return None
    shown = subprocess.run([found, "--version"], capture_output=True, text=True, check=True).stdout
    version = [int(part) for part in shown.strip().lstrip("v").split(".")]
    if version < NODE:
        return None
    return [found] if version >= [22] else [found, "--experimental-websocket"]


@pytest.fixture
def question(tmp_path: Path) -> Path:
    """Somebody speaks for a second."""
    write_wav(tmp_path / "question.wav", QUESTION, rate=16_000)
    return tmp_path / "question.wav"


async def output(*command: str | Path, status: int = 0) -> str:
    """What a command says; it has to succeed, or to end with the status that is asked for."""
    child = await asyncio.create_subprocess_exec(
        *map(str, command), stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    async with asyncio.timeout(60):
        said, _ = await child.communicate()
    assert child.returncode == status, said.decode()
    return said.decode()


async def hung_up(gateway: Served) -> None:
    """It has said goodbye, rather than gone."""
    await gateway.until_metric('voice_sessions_total{status="client_ended",tenant_id="token"}', 1)


@pytest.mark.parametrize("file", EXAMPLES, ids=lambda file: file.name)
def test_the_prose_shows_the_very_file(file: Path) -> None:
    assert f"\n{file.read_text(encoding='utf-8')}```\n" in (ROOT / "docs" / "protocol.md").read_text(
        encoding="utf-8"
    )


def test_each_kind_of_client_has_one() -> None:
    assert [file.suffix for file in EXAMPLES] == [".mjs", ".py", ".sh"]


async def test_python(site: Site, emulators: Emulators, question: Path) -> None:
    emulators.deepgram.set_script(DeepgramScript(transcripts=["What time is breakfast?"]))
    emulators.anthropic.set_script(AnthropicScript(replies=["Breakfast is at seven."]))
    async with served(site.config()) as gateway:
        said = await output(sys.executable, ROOT / "examples/talk.py", gateway.url, site.token, question)
        await hung_up(gateway)
    assert said.startswith("caller: What time is breakfast?\nagent: Breakfast is at seven. (")


async def test_python_trusts_the_authority_that_it_is_given(
    site: Site, emulators: Emulators, question: Path, tmp_path: Path
) -> None:
    emulators.deepgram.set_script(DeepgramScript(transcripts=["What time is breakfast?"]))
    emulators.anthropic.set_script(AnthropicScript(replies=["Breakfast is at seven."]))
    crt, key = certificate(tmp_path, name="localhost")
    async with served(site.config()) as gateway, tls_in_front_of(gateway.port, crt, key) as port:
        url = f"wss://localhost:{port}/v1/voice"
        call = (sys.executable, ROOT / "examples/talk.py", url, site.token, question)
        said = await output(*call, "--ca-file", crt)
        await hung_up(gateway)
    assert "agent: Breakfast is at seven. (" in said


async def test_python_connects_where_it_is_told_and_asks_for_the_name_in_the_url(
    site: Site, emulators: Emulators, question: Path, tmp_path: Path
) -> None:
    """As where no DNS leads to the agent: certificate and Host are those of the URL."""
    emulators.deepgram.set_script(DeepgramScript(transcripts=["What time is breakfast?"]))
    emulators.anthropic.set_script(AnthropicScript(replies=["Breakfast is at seven."]))
    crt, key = certificate(tmp_path, name="voice.example.com")
    async with served(site.config()) as gateway, tls_in_front_of(gateway.port, crt, key) as port:
        url = "wss://voice.example.com/v1/voice"
        call = (sys.executable, ROOT / "examples/talk.py", url, site.token, question)
        said = await output(*call, "--ca-file", crt, "--connect", f"{HOST}:{port}")
        await hung_up(gateway)
    assert "agent: Breakfast is at seven. (" in said


async def test_python_says_what_an_address_is(question: Path) -> None:
    call = (sys.executable, ROOT / "examples/talk.py", "ws://voice.example.com/v1/voice", question, question)
    said = await output(*call, "--connect", "nowhere", status=2)
    assert "argument --connect: invalid address value: 'nowhere'" in said


async def test_python_says_how_it_is_called() -> None:
    said = await output(sys.executable, ROOT / "examples/talk.py", "--help")
    assert said.startswith("usage: talk.py")
    assert "--ca-file" in said


@pytest.mark.skipif(node() is None, reason="needs Node 20.10 or newer")
@pytest.mark.parametrize("spoken", [False, True], ids=["typed", "spoken"])
@pytest.mark.parametrize("greeting", [None, "Hi."], ids=["no greeting", "greeting"])
async def test_javascript(
    site: Site, emulators: Emulators, question: Path, spoken: bool, greeting: str | None
) -> None:
    emulators.deepgram.set_script(DeepgramScript(transcripts=["What time is breakfast?"]))
    emulators.anthropic.set_script(AnthropicScript(replies=["Breakfast is at seven."]))
    asked = str(question) if spoken else "What time is breakfast?"
    site.write_agent(instructions="Be brief.", greeting=greeting)
    async with served(site.config()) as gateway:
        said = await output(*(node() or []), ROOT / "examples/talk.mjs", gateway.url, TOKEN, asked)
        await hung_up(gateway)
    length = len(emulators.openai_speech.audio_of("Breakfast is at seven."))
    assert ("caller: What time is breakfast?\n" in said) is spoken
    assert f"agent: Breakfast is at seven. ({length} bytes of audio)" in said
    assert "closed: 1000" in said


@pytest.mark.skipif(node() is None, reason="needs Node 20.10 or newer")
async def test_javascript_says_what_it_needs() -> None:
    """Where the WebSocket is behind a flag, or not there at all, there is one sentence and no stack."""
    command = [*(node() or [])[:1], "--no-experimental-websocket", str(ROOT / "examples/talk.mjs")]
    said = await output(*command, "ws://127.0.0.1:1/v1/voice", TOKEN, "Good morning", status=2)
    assert re.fullmatch(r"Node [\d.]+ has no WebSocket: use Node 22 or newer \(.+\)\.\n", said)
    assert "(needs Node 22 or newer)" in await output(*command, status=2)


@pytest.mark.skipif(shutil.which("websocat") is None, reason="needs websocat")
async def test_websocat(site: Site, emulators: Emulators) -> None:
    emulators.anthropic.set_script(AnthropicScript(replies=["Breakfast is at seven."]))
    async with served(site.config()) as gateway:
        said = await output("sh", ROOT / "examples/talk.sh", gateway.url, site.token, "Good morning")
        await hung_up(gateway)
    assert '"reply.text"' in said


def test_the_shell_example_is_one() -> None:
    subprocess.run(["sh", "-n", ROOT / "examples/talk.sh"], check=True)
