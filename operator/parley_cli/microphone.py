"""A conversation by microphone and loudspeaker, where this machine has them."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from parley_cli.report import Report
from parley_client import FEATURES, Audio, Connection, Conversation, Loudspeaker, Received, Turn, write_wav
from parley_client.target import Target
from parley_contract.native import AudioFormat, ErrorMessage, ReplyEnded, ReplyTextMessage, Transcript

_BLOCK_MS = 20
_QUEUED_BLOCKS = 50
"""A second: what the network cannot take in that time is dropped, as a telephone would."""
_INSTEAD = "say something with --sample NAME, --wav FILE or --text WORDS instead"


class NoMicrophoneError(Exception):
    """This machine has nothing to speak into or to listen to; says what to do."""


async def converse_live(target: Target, *, report: Report, save: Path | None) -> None:
    """Talk until the user interrupts. Raises NoMicrophoneError or a ParleyError."""
    sounddevice = _sounddevice()
    heard = bytearray()
    try:
        async with target.connect(features=FEATURES) as connection:
            report.started(target.url, connection.started)
            click.echo("speak; Ctrl-C ends the conversation", err=True)
            await _talk(connection, sounddevice, report=report, heard=heard)
    finally:
        report.ended()
        if save:
            write_wav(save, bytes(heard), rate=AudioFormat().output_rate)


async def _talk(connection: Connection, sounddevice: Any, *, report: Report, heard: bytearray) -> None:
    audio = connection.started.audio
    loudspeaker = Loudspeaker(rate=audio.output_rate)
    blocks: asyncio.Queue[bytes] = asyncio.Queue(_QUEUED_BLOCKS)
    listener = _Listener(report, heard)
    async with Conversation(
        connection, loudspeaker=loudspeaker, microphone=False, on_received=listener.take
    ) as conversation:
        with _devices(sounddevice, blocks, loudspeaker, rates=(audio.input_rate, audio.output_rate)):
            await conversation.until_over(_send(connection, blocks))


async def _send(connection: Connection, blocks: asyncio.Queue[bytes]) -> None:
    while True:
        await connection.send_audio(await blocks.get())


@contextmanager
def _devices(
    sounddevice: Any, blocks: asyncio.Queue[bytes], loudspeaker: Loudspeaker, *, rates: tuple[int, int]
) -> Iterator[None]:
    """The sound card's two streams; their callbacks run in a thread of its own."""
    loop = asyncio.get_running_loop()

    def put(block: bytes) -> None:
        if not blocks.full():
            blocks.put_nowait(block)

    def captured(data: Any, _frames: int, _time: object, _status: object) -> None:
        loop.call_soon_threadsafe(put, bytes(data))

    def wanted(data: Any, _frames: int, _time: object, _status: object) -> None:
        data[:] = loudspeaker.pull(len(data))

    common = {"channels": 1, "dtype": "int16", "latency": "low"}
    taken, given = rates
    try:
        source = sounddevice.RawInputStream(
            samplerate=taken, blocksize=taken * _BLOCK_MS // 1000, callback=captured, **common
        )
        sink = sounddevice.RawOutputStream(
            samplerate=given, blocksize=given * _BLOCK_MS // 1000, callback=wanted, **common
        )
    except sounddevice.PortAudioError as error:
        raise NoMicrophoneError(f"the sound card cannot be used ({error}): {_INSTEAD}") from error
    with source, sink:
        yield


class _Listener:
    """Collects what comes into turns, as they are shown."""

    def __init__(self, report: Report, heard: bytearray) -> None:
        self._report = report
        self._heard = heard
        self._turn = Turn()

    def take(self, received: Received) -> None:
        match received:
            case Audio(pcm=pcm):
                self._heard += pcm
            case Transcript(turn=number, text=text):
                self._turn.heard[number] = text
            case ReplyTextMessage(delta=delta):
                self._turn.answer += delta
            case ErrorMessage(message=message):
                self._turn.problem = message
            case ReplyEnded(status=status):
                self._turn.status = status
                self._report.turn(self._turn)
                self._turn = Turn()
            case _:
                pass


def _sounddevice() -> Any:
    """The audio library, if there is one and it finds devices."""
    try:
        import sounddevice
    except ImportError as error:
        raise NoMicrophoneError(f"no microphone: install parley-voice[microphone], or {_INSTEAD}") from error
    except OSError as error:
        raise NoMicrophoneError(f"no microphone: PortAudio is not installed; {_INSTEAD}") from error
    try:
        sounddevice.query_devices(kind="input")
        sounddevice.query_devices(kind="output")
    except (sounddevice.PortAudioError, ValueError) as error:
        raise NoMicrophoneError(f"no microphone or loudspeaker was found: {_INSTEAD}") from error
    return sounddevice
