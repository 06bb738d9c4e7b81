"""A conversation with prepared parts: recordings and typed turns, one after the other."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from parley_cli.report import Report
from parley_client import FEATURES, Conversation, NoAnswerError, Turn, read_wav, write_wav
from parley_client.target import Target
from parley_contract.native import AudioFormat


@dataclass(frozen=True, slots=True)
class Script:
    """What the caller says."""

    recordings: tuple[Path, ...]
    texts: tuple[str, ...]
    timeout_s: float


async def converse(target: Target, script: Script, *, report: Report, save: Path | None) -> None:
    """Say it all, wait for each answer, and hang up. Raises WavError or a ParleyError."""
    audio = AudioFormat()
    recordings = [read_wav(path, rate=audio.input_rate) for path in script.recordings]
    turns: list[Turn] = []

    def over(turn: Turn) -> None:
        turns.append(turn)
        report.turn(turn)

    try:
        async with target.connect(audio=audio, features=FEATURES) as connection:
            report.started(target.url, connection.started)
            async with Conversation(connection) as conversation:
                if greeting := await conversation.greeting(timeout_s=script.timeout_s):
                    over(greeting)
                for pcm in recordings:
                    over(await conversation.say(pcm, timeout_s=script.timeout_s))
                for text in script.texts:
                    over(await conversation.type(text, timeout_s=script.timeout_s))
            await connection.end()
    finally:
        report.ended()
        if save:
            write_wav(save, b"".join(bytes(turn.pcm) for turn in turns), rate=audio.output_rate)
    if unanswered := [turn.problem for turn in turns if turn.status != "completed"]:
        raise NoAnswerError(unanswered[0] or "an answer was not finished")
