"""Ask an agent one question, spoken in a WAV file, and print what it understood and answered.

python examples/talk.py wss://voice.example.com/v1/voice token-file question.wav
"""

import asyncio
import sys
from pathlib import Path

from parley_client import FEATURES, Conversation, connect, read_wav


async def ask(url: str, token: str, question: bytes) -> None:
    """Hold a conversation of one turn, and hang up."""
    async with connect(url, token=token, features=FEATURES) as connection:
        async with Conversation(connection) as conversation:
            turn = await conversation.say(question)
        print("caller:", turn.transcript)
        print("agent:", turn.answer, f"({turn.first_audio_s:.2f} s to its first audio)")
        await connection.end()  # session.end: without it, the session ends as one whose client is gone
        async for _ in connection:
            pass  # what is still on its way, up to session.ended


address, token_file, recording = sys.argv[1:]
asyncio.run(ask(address, Path(token_file).read_text().strip(), read_wav(Path(recording), rate=16_000)))
