"""The child process that speaks: UTF-8 text in, s16le mono at 22,050 Hz and where its words begin out.

`python -m parley_gateway.providers.embedded.speak VOICE WORDS_PER_MINUTE`, with frames on its standard streams.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import espeakng_loader

from parley_gateway.providers.embedded.child import Pipe
from parley_gateway.providers.embedded.espeak import SAMPLE_RATE, Espeak, EspeakError, Spoken
from parley_gateway.providers.embedded.frames import Frame, Kind


def main(voice: str, words_per_minute: str) -> None:
    """Serve until the pipe closes."""
    pipe = Pipe()
    try:
        espeak = Espeak(
            Path(espeakng_loader.get_library_path()),
            Path(espeakng_loader.get_data_path()),
            voice=voice,
            words_per_minute=int(words_per_minute),
        )
    except (EspeakError, OSError, RuntimeError) as error:
        pipe.send(Frame(Kind.FAILED, payload=str(error).encode()))
        return
    pipe.send(Frame(Kind.READY, payload=json.dumps({"sample_rate": SAMPLE_RATE}).encode()))
    while True:
        _serve(pipe, espeak, pipe.receive())


def _serve(pipe: Pipe, espeak: Espeak, request: Frame) -> None:
    number = request.request

    def on_piece(piece: Spoken) -> bool:
        for word in piece.words:
            place = {"at": word.at, "length": word.length, "ms": word.ms}
            pipe.send(Frame(Kind.INFO, number, json.dumps(place).encode()))
        if piece.pcm:
            pipe.send(Frame(Kind.DATA, number, piece.pcm))
        return not pipe.is_cancelled(number)

    try:
        espeak.speak(request.payload.decode(), on_piece)
    except EspeakError as error:
        pipe.send(Frame(Kind.FAILED, number, str(error).encode()))
    else:
        pipe.send(Frame(Kind.DONE, number))


if __name__ == "__main__":
    main(*sys.argv[1:])
