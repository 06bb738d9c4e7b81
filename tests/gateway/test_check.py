"""O11: what `helm test` asks of an agent: to understand a recording and to answer it aloud."""

from __future__ import annotations

import asyncio
import os
import sys

import pytest

from parley_client import samples
from parley_client.check import problems
from parley_client.conversation import Turn
from tests.emulators.anthropic_messages import AnthropicScript
from tests.emulators.emulators import Emulators
from tests.emulators.faults import Fault
from tests.emulators.recogniser import DeepgramScript
from tests.gateway.running import HOST, TOKEN, Served

HEARD = " ".join(samples.DEMO_QUESTION.split("-"))
LOUD = bytearray(b"\x00\x10" * 100)


async def check(*arguments: str, token: str = TOKEN) -> tuple[int, str, str]:
    """The exit status and what it wrote, as a container's log has it."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "parley_client.check", *arguments),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, "PARLEY_TOKEN": token},
    )
    async with asyncio.timeout(60):
        out, err = await process.communicate()
    assert process.returncode is not None
    return process.returncode, out.decode(), err.decode()


async def test_o11_an_agent_that_understands_and_answers_passes(gateway: Served, emulators: Emulators) -> None:
    emulators.deepgram.set_script(DeepgramScript(transcripts=[f"{HEARD.capitalize()}."]))
    status, out, err = await check(gateway.url, "--understood")
    assert (status, err) == (0, "")
    assert f"you:   {HEARD.capitalize()}." in out
    assert "agent: You said" in out


async def test_o11_an_agent_that_cannot_answer_fails(gateway: Served, emulators: Emulators) -> None:
    emulators.anthropic.set_script(AnthropicScript(faults=[Fault(kind="refuse", times=None)]))
    status, _, err = await check(gateway.url)
    assert status == 1
    assert "there was no whole answer" in err


async def test_o11_a_wrong_token_fails_at_once(gateway: Served) -> None:
    status, _, err = await check(gateway.url, token="wrong")
    assert (status, "4401" in err, "Traceback" in err) == (1, True, False)


async def test_o11_an_agent_that_is_late_is_waited_for(gateway: Served) -> None:
    """A port that refuses until somebody listens there, as a Service without endpoints does."""
    gate: asyncio.Server | None = None
    closed = await asyncio.start_server(lambda *_: None, HOST, 0)
    port = closed.sockets[0].getsockname()[1]
    closed.close()
    await closed.wait_closed()
    checking = asyncio.create_task(check(f"ws://{HOST}:{port}/v1/voice", "--within", "50"))
    try:
        gate = await asyncio.start_server(lambda r, w: _through(r, w, gateway.port), HOST, port)
        status, _, err = await checking
        assert (status, err) == (0, "")
    finally:
        checking.cancel()
        if gate is not None:
            gate.close()


async def _through(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, port: int) -> None:
    """One connection, handed on byte by byte."""
    to, back = await asyncio.open_connection(HOST, port)

    async def pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        while data := await source.read(65_536):
            sink.write(data)
        sink.close()

    await asyncio.gather(pump(reader, back), pump(to, writer), return_exceptions=True)


async def test_o11_nobody_there_fails_when_the_time_is_over() -> None:
    status, _, err = await check(f"ws://{HOST}:9/", "--within", "0")
    assert (status, "failed:" in err, "Traceback" in err) == (1, True, False)


@pytest.mark.parametrize(
    ("heard", "said"),
    [("", "nothing was understood"), ("go backward", "was understood as 'go backward'")],
)
def test_o11_words_that_were_misheard_are_told(heard: str, said: str) -> None:
    turn = Turn(heard={1: heard}, status="completed", answer="Yes.", pcm=LOUD)
    [problem] = problems(turn, word_for_word=True)
    assert said in problem


def test_o11_a_recogniser_may_write_numbers_its_own_way() -> None:
    turn = Turn(heard={1: "Go forward 10 meters."}, status="completed", answer="Yes.", pcm=LOUD)
    assert problems(turn, word_for_word=False) == []


def test_o11_silence_is_no_answer() -> None:
    turn = Turn(heard={1: HEARD}, status="completed", answer="Yes.", pcm=bytearray(2_000))
    assert problems(turn, word_for_word=True) == ["the answer was silent"]
