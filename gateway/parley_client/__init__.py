"""The Python client of the native protocol.

```python
async with connect("wss://voice.example.com/v1/voice", token=token, features=FEATURES) as connection:
    async with Conversation(connection) as conversation:
        turn = await conversation.say(read_wav(Path("question.wav"), rate=16000))
        print(turn.transcript, turn.answer, turn.first_audio_s)
```

`connect` and `Connection` alone are enough for a client with a microphone and a loudspeaker of its own.
"""

from parley_client.connection import Audio, Connection, Received, connect
from parley_client.conversation import FEATURES, Conversation, Turn
from parley_client.errors import (
    AbsentError,
    DisconnectedError,
    NoAnswerError,
    ParleyError,
    RefusedError,
    UnreachableError,
    UnresolvedError,
    UntrustedError,
)
from parley_client.loudspeaker import Loudspeaker
from parley_client.pcm import WavError, read_wav, write_wav

__all__ = [
    "FEATURES",
    "AbsentError",
    "Audio",
    "Connection",
    "Conversation",
    "DisconnectedError",
    "Loudspeaker",
    "NoAnswerError",
    "ParleyError",
    "Received",
    "RefusedError",
    "Turn",
    "UnreachableError",
    "UnresolvedError",
    "UntrustedError",
    "WavError",
    "connect",
    "read_wav",
    "write_wav",
]
