"""`parley talk`, the real command against the real gateway."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import wave
from pathlib import Path

import pytest

from parley_client import write_wav
from tests.emulators.anthropic_messages import AnthropicScript
from tests.emulators.emulators import Emulators
from tests.emulators.faults import Fault
from tests.emulators.recogniser import DeepgramScript
from tests.gateway.calling import QUESTION
from tests.gateway.running import HOST, TOKEN, Served, Site, served


async def start(*arguments: str) -> asyncio.subprocess.Process:
    command = [sys.executable, "-c", "from parley_cli.main import main; main()", "talk", *arguments]
    environment = {name: value for name, value in os.environ.items() if name != "PARLEY_TOKEN"}
    return await asyncio.create_subprocess_exec(
        *command,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=environment,
        preexec_fn=_as_in_a_terminal,
    )


def _as_in_a_terminal() -> None:
    """A shell has what it starts in the background ignore Ctrl-C, and so would the children of this test run."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


async def talk(*arguments: str) -> tuple[int, str, str]:
    """Exit status, standard output and standard error."""
    async with asyncio.timeout(60):
        process = await start(*arguments)
        out, err = await process.communicate()
    assert process.returncode is not None
    return process.returncode, out.decode(), err.decode()


@pytest.fixture
def question(tmp_path: Path) -> Path:
    path = tmp_path / "question.wav"
    write_wav(path, QUESTION, rate=16_000)
    return path


async def test_a_recording_is_said_and_the_answer_shown_saved_and_timed(
    site: Site, emulators: Emulators, question: Path
) -> None:
    site.write_agent(greeting="Good morning!")
    emulators.deepgram.set_script(DeepgramScript(transcripts=["When is breakfast?"]))
    emulators.anthropic.set_script(AnthropicScript(replies=["At seven.", "You are welcome."]))
    saved = question.with_name("answers.wav")
    async with served(site.config()) as gateway:
        status, out, err = await talk(
            gateway.url,
            "--token-file",
            str(site.token),
            "--wav",
            str(question),
            "--text",
            "thanks",
            "--save",
            str(saved),
        )
    assert (status, err) == (0, "")
    for line in (
        "agent  Good morning!",
        "you    When is breakfast?",
        "agent  At seven.",
        "agent  You are welcome.",
    ):
        assert line in out
    assert " ms from last word to first audio]" in out
    assert " ms from sending to first audio]" in out
    assert "\x1b" not in out
    with wave.open(str(saved)) as recording:
        assert recording.getframerate() == 24_000
        assert recording.getnframes() > 24_000


async def test_the_report_for_programs_has_every_latency(gateway: Served) -> None:
    status, out, _ = await talk(gateway.url, "--token", TOKEN, "--text", "hello", "-o", "json")
    report = json.loads(out)
    (turn,) = report["turns"]
    assert status == 0
    assert (turn["said"], turn["answered"], turn["status"]) == ("hello", "You said: hello", "completed")
    assert turn["firstTextSeconds"] > 0
    assert turn["firstAudioSeconds"] > 0
    assert turn["audioSeconds"] > 0


async def test_another_address_than_the_names(gateway: Served) -> None:
    url = gateway.url.replace(f"{HOST}:{gateway.port}", "voice.example.com")
    connect = f"{HOST}:{gateway.port}"
    status, out, err = await talk(url, "--connect", connect, "--token", TOKEN, "--text", "hello")
    assert (status, err) == (0, "")
    assert "You said: hello" in out


async def test_a_wrong_token_ends_with_4_and_says_so(gateway: Served) -> None:
    status, _, err = await talk(gateway.url, "--token", "wrong", "--text", "hello")
    assert (status, "token" in err, "4401" in err, "Traceback" in err) == (4, True, True, False)


async def test_without_a_token_it_names_its_own_options(gateway: Served) -> None:
    status, _, err = await talk(gateway.url, "--text", "hello")
    assert (status, "--token-file" in err, "subprotocol" in err) == (4, True, False)


async def test_nobody_there_ends_with_3(gateway: Served) -> None:
    status, _, err = await talk(f"ws://{HOST}:9/", "--text", "hello")
    assert (status, err) == (3, f"Error: ws://{HOST}:9/: nothing listens at port 9 of {HOST}\n")
    status, _, err = await talk(gateway.url + "/elsewhere", "--text", "hello")
    assert (status, "path" in err) == (3, True)


async def test_an_answer_that_fails_ends_with_1(gateway: Served, emulators: Emulators) -> None:
    emulators.anthropic.set_script(AnthropicScript(faults=[Fault(kind="refuse", times=None)]))
    status, out, err = await talk(gateway.url, "--token", TOKEN, "--text", "hello")
    assert (status, "Traceback" in err) == (1, False)
    assert "agent  Sorry, something went wrong on my side." in out, "what the caller hears is shown"
    assert "note   the reply could not be finished" in out


async def test_an_answer_that_fails_without_an_apology_ends_with_1(site: Site, emulators: Emulators) -> None:
    site.write_agent(phrases={"apology": ""})
    emulators.anthropic.set_script(AnthropicScript(faults=[Fault(kind="refuse", times=None)]))
    async with served(site.config()) as gateway:
        status, out, _ = await talk(gateway.url, "--token", TOKEN, "--text", "hello", "-o", "json")
    (turn,) = json.loads(out)["turns"]
    assert (status, turn["status"], turn["answered"]) == (1, "failed", "")


async def test_a_file_that_is_no_recording_ends_with_2(gateway: Served, tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.wav"
    wrong.write_text("nonsense")
    status, _, err = await talk(gateway.url, "--token", TOKEN, "--wav", str(wrong))
    assert (status, "wrong.wav" in err) == (2, True)


async def test_ctrl_c_ends_cleanly_and_hangs_up(gateway: Served, emulators: Emulators) -> None:
    emulators.anthropic.set_script(AnthropicScript(replies=["A very long answer. " * 30]))
    process = await start(gateway.url, "--token", TOKEN, "--text", "go on")
    await gateway.until_metric('voice_latency_seconds_count{type="first_audio"}', 1)
    process.send_signal(signal.SIGINT)
    async with asyncio.timeout(30):
        _, err = await process.communicate()
    assert (process.returncode, b"Traceback" in err) == (130, False)
    await gateway.until_metric("voice_sessions_active", 0)
