"""`python -m parley_client.check URL`: call an agent once, and fail unless it understood and answered in speech.

The chart's `helm test` runs it in the gateway's image. It waits for an agent that does not answer yet, so that it
can be started beside one that is just being made.
"""

from __future__ import annotations

import argparse
import array
import asyncio
import os
import re
import ssl
import sys
import time
from collections.abc import Sequence

from parley_client import samples
from parley_client.conversation import FEATURES, Conversation, Turn
from parley_client.errors import ParleyError, RefusedError, UnreachableError
from parley_client.pcm import read_wav
from parley_client.target import Target

ANSWER_SECONDS = 60.0
GREETING_SECONDS = 3.0
AGAIN_SECONDS = 1.0
"""Between two attempts to connect: nothing outside tells when a Service has its first endpoint."""
SILENCE = 200
"""Peak of s16 samples below which nobody would hear anything."""
_NOT_YET = frozenset({404, 502, 503, 504})
"""What an ingress answers before it knows of an agent."""
_WORD = re.compile(r"[a-z]+")


async def call(target: Target, *, within: float) -> Turn:
    """Say the recording, and return the turn once its answer was played.

    Raises UnreachableError or RefusedError where no agent takes the call within so many seconds, or another
    ParleyError.
    """
    deadline = time.monotonic() + within
    while True:
        try:
            async with target.connect(features=FEATURES) as connection, Conversation(connection) as conversation:
                rate = connection.started.audio.input_rate
                await conversation.greeting(within_s=GREETING_SECONDS, timeout_s=ANSWER_SECONDS)
                question = read_wav(samples.path(samples.DEMO_QUESTION), rate=rate)
                turn = await conversation.say(question, timeout_s=ANSWER_SECONDS)
                await connection.end()
                return turn
        except (UnreachableError, RefusedError) as error:
            is_final = isinstance(error, RefusedError) and error.code not in _NOT_YET
            if is_final or time.monotonic() + AGAIN_SECONDS > deadline:
                raise
            await asyncio.sleep(AGAIN_SECONDS)


def problems(turn: Turn, *, word_for_word: bool) -> list[str]:
    """What a caller would complain about; `word_for_word` for a recogniser that is known to hear every word."""
    heard, said = (_WORD.findall(text.lower()) for text in (turn.transcript, samples.DEMO_QUESTION))
    found = []
    if not heard:
        found.append("nothing was understood")
    elif word_for_word and heard != said:
        found.append(f"{' '.join(said)!r} was understood as {' '.join(heard)!r}")
    if turn.status != "completed" or not turn.answer:
        found.append(f"there was no whole answer: {turn.problem or turn.status}")
    if max(map(abs, array.array("h", bytes(turn.pcm))), default=0) < SILENCE:
        found.append("the answer was silent")
    return found


def main(arguments: Sequence[str] | None = None) -> int:
    """0 where the agent understood and answered, 1 with the reason where it did not."""
    parser = argparse.ArgumentParser(
        prog="parley_client.check", description="Call an agent once. Token: PARLEY_TOKEN."
    )
    parser.add_argument("url")
    parser.add_argument("--ca-file")
    parser.add_argument("--within", type=float, default=60.0, metavar="SECONDS", help="until it can be reached")
    parser.add_argument("--understood", action="store_true", help="insist on every word of the recording")
    found = parser.parse_args(arguments)
    trust = ssl.create_default_context(cafile=found.ca_file) if found.ca_file else None
    target = Target(url=found.url, token=os.environ.get("PARLEY_TOKEN"), ssl_context=trust)
    try:
        turn = asyncio.run(call(target, within=found.within))
    except ParleyError as error:
        print(f"failed: {error}", file=sys.stderr)
        return 1
    print(f"you:   {turn.transcript}\nagent: {turn.answer}")
    complaints = problems(turn, word_for_word=found.understood)
    for complaint in complaints:
        print(f"failed: {complaint}", file=sys.stderr)
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
