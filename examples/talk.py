"""Ask an agent one question, spoken in a WAV file, and print what it understood and answered."""

import argparse
import asyncio
import ssl
from pathlib import Path
from typing import Any

from parley_client import FEATURES, Conversation, connect, read_wav


async def ask(url: str, token: str, question: bytes, **how: Any) -> None:
    """Hold a conversation of one turn, and hang up."""
    async with connect(url, token=token, features=FEATURES, **how) as connection:
        async with Conversation(connection) as conversation:
            turn = await conversation.say(question)
        print("caller:", turn.transcript)
        print("agent:", turn.answer, f"({turn.first_audio_s:.2f} s to its first audio)")
        await connection.end()  # session.end: without it, the session ends as one whose client is gone
        async for _ in connection:
            pass  # what is still on its way, up to session.ended


def address(text: str) -> tuple[str, int]:
    """HOST:PORT in its parts."""
    host, _, port = text.rpartition(":")
    if not host or host.endswith(":"):
        raise ValueError(text)
    return host.strip("[]"), int(port)


parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("url", help="such as wss://voice.example.com/v1/voice")
parser.add_argument("token_file", type=Path, help="holds the agent's token")
parser.add_argument("recording", type=Path, help="the question: a WAV file")
parser.add_argument("--ca-file", help="the authority to trust, in PEM, for a self-signed certificate")
parser.add_argument(
    "--connect",
    dest="address",
    metavar="HOST:PORT",
    type=address,
    help="where to connect, in place of what the name in the URL leads to",
)
given = parser.parse_args()
trust = ssl.create_default_context(cafile=given.ca_file) if given.ca_file else None
token, question = given.token_file.read_text().strip(), read_wav(given.recording, rate=16_000)
asyncio.run(ask(given.url, token, question, ssl_context=trust, address=given.address))
