"""The voices that eSpeak NG has, read from its data files so that a wrong name is known before it is loaded."""

from __future__ import annotations

from pathlib import Path

_SUGGESTED = ("en-us", "en-gb", "de", "es", "fr-fr", "it", "pt-br")


class UnknownVoiceError(ValueError):
    """There is no embedded voice of that name."""


def find_voice(voice: str, data: Path) -> str:
    """The name by which the library knows `voice`: a language tag, and perhaps `+` and a variant such as `f3`.

    The library itself takes names of files, and not all tags are one: `en-gb` is in `en`. Raises
    UnknownVoiceError, with some names that there are.
    """
    language, plus, variant = voice.partition("+")
    known = _languages(data)
    file = known.get(language.lower())
    if file is None or (plus and variant not in _variants(data)):
        some = ", ".join(name for name in _SUGGESTED if name in known)
        raise UnknownVoiceError(
            f"the embedded voice {voice!r} does not exist: take a language such as {some}, "
            f"and add +f1 to +f5 or +m1 to +m8 to vary it, as in en-us+f3"
        )
    return f"{file}{plus}{variant}"


def _languages(data: Path) -> dict[str, str]:
    """Language tag, in lower case, to the name of the file that has it. A file's own name goes before its tags."""
    files = sorted(file for file in (data / "lang").rglob("*") if file.is_file())
    tagged = {tag: file.name for file in reversed(files) for tag in _tags(file)}
    return tagged | {file.name.lower(): file.name for file in files}


def _tags(file: Path) -> list[str]:
    lines = (line.split() for line in file.read_text(encoding="utf-8", errors="replace").splitlines())
    return [line[1].lower() for line in lines if len(line) > 1 and line[0] == "language"]


def _variants(data: Path) -> frozenset[str]:
    return frozenset(file.name for file in (data / "voices" / "!v").iterdir())
