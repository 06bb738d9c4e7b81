"""The child process that recognises: s16le mono at 16 kHz in, what was heard out.

`python -m parley_gateway.providers.embedded.recognise`, with frames on its standard streams.
"""

from __future__ import annotations

import json

from parley_gateway.providers.embedded.child import Pipe
from parley_gateway.providers.embedded.frames import Frame, Kind
from parley_gateway.providers.embedded.recogniser import SAMPLE_RATE, Recogniser


def main() -> None:
    """Serve until the pipe closes."""
    pipe = Pipe()
    try:
        recogniser = Recogniser()
    except RuntimeError:
        pipe.send(Frame(Kind.FAILED, payload=b"the acoustic model of pocketsphinx does not load"))
        return
    pipe.send(Frame(Kind.READY, payload=json.dumps({"sample_rate": SAMPLE_RATE}).encode()))
    while True:
        request = pipe.receive()
        heard = recogniser.recognise(request.payload)
        pipe.send(Frame(Kind.INFO, request.request, json.dumps(heard.as_dict()).encode()))
        pipe.send(Frame(Kind.DONE, request.request))


if __name__ == "__main__":
    main()
