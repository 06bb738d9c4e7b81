"""eSpeak NG through ctypes, as much of its speak_lib.h as it takes to speak a text into a callback.

The library keeps its voice in global variables and is not re-entrant: one process, one voice, one text at a
time. It is GPL-3.0-or-later and loaded at run time from the optional package espeakng-loader.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

SAMPLE_RATE = 22_050
"""Hz that its voices are made at."""

_CHUNK_MS = 100
_SYNCHRONOUS = 2  # AUDIO_OUTPUT_SYNCHRONOUS: espeak_Synth returns when all was spoken
_DONT_EXIT = 0x8000  # espeakINITIALIZE_DONT_EXIT: report missing data instead of ending the process
_RATE = 1  # espeakRATE, in words per minute
_BY_CHARACTER = 1  # POS_CHARACTER
_UTF8 = 1  # espeakCHARS_UTF8
_WORD = 1  # espeakEVENT_WORD
_LIST_TERMINATED = 0


class EspeakError(RuntimeError):
    """eSpeak NG does not do what it is asked."""


class _EventId(ctypes.Union):
    _fields_ = [("number", ctypes.c_int), ("name", ctypes.c_char_p), ("string", ctypes.c_char * 8)]


class _Event(ctypes.Structure):
    _fields_ = [
        ("type", ctypes.c_int),
        ("unique_identifier", ctypes.c_uint),
        ("text_position", ctypes.c_int),
        ("length", ctypes.c_int),
        ("audio_position", ctypes.c_int),
        ("sample", ctypes.c_int),
        ("user_data", ctypes.c_void_p),
        ("id", _EventId),
    ]


_CALLBACK = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.POINTER(_Event))


@dataclass(frozen=True, slots=True)
class WordStart:
    """A word begins: `at` and `length` are characters of the text, `ms` is a position in its audio."""

    at: int
    length: int
    ms: int


@dataclass(frozen=True, slots=True)
class Spoken:
    """A piece of speech, s16le mono at `SAMPLE_RATE`, and the words that begin in it or soon after."""

    pcm: bytes = field(repr=False)
    words: tuple[WordStart, ...]


class Espeak:
    """The library, with one voice."""

    def __init__(self, library: Path, data: Path, *, voice: str, words_per_minute: int) -> None:
        """Raises EspeakError or OSError when the library, its data or the voice is not there."""
        self._library = ctypes.CDLL(str(library))
        rate = self._library.espeak_Initialize(_SYNCHRONOUS, _CHUNK_MS, str(data.parent).encode(), _DONT_EXIT)
        if rate != SAMPLE_RATE:
            raise EspeakError(f"eSpeak NG does not start: it says {rate} instead of {SAMPLE_RATE} Hz")
        if self._library.espeak_SetVoiceByName(voice.encode()) != 0:
            raise EspeakError(f"eSpeak NG has no voice {voice!r}")
        self._library.espeak_SetParameter(_RATE, words_per_minute, 0)
        self._on_piece: Callable[[Spoken], bool] | None = None
        # Kept, for the library calls it as long as it lives.
        self._callback = _CALLBACK(self._called)
        self._library.espeak_SetSynthCallback(self._callback)

    def speak(self, text: str, on_piece: Callable[[Spoken], bool]) -> None:
        """Hand over the speech piece by piece, until `on_piece` returns False. Raises EspeakError."""
        data = text.replace("\0", " ").encode() + b"\0"
        self._on_piece = on_piece
        status = self._library.espeak_Synth(data, len(data), 0, _BY_CHARACTER, 0, _UTF8, None, None)
        self._on_piece = None
        if status != 0:
            raise EspeakError(f"eSpeak NG does not speak: status {status}")

    def _called(self, samples: Any, count: int, events: Any) -> int:
        """The library's callback: 0 goes on, 1 stops."""
        if self._on_piece is None:
            return 1
        pcm = ctypes.string_at(samples, count * 2) if samples and count > 0 else b""
        return 0 if self._on_piece(Spoken(pcm, _word_starts(events))) else 1


def _word_starts(events: Any) -> tuple[WordStart, ...]:
    found = []
    index = 0
    while (event := events[index]).type != _LIST_TERMINATED:
        if event.type == _WORD:
            found.append(WordStart(event.text_position - 1, event.length, event.audio_position))
        index += 1
    return tuple(found)
