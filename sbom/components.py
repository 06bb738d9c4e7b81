"""What is installed in an image: Python distributions, Debian packages, and the interpreter."""

from __future__ import annotations

import email.parser
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal
from urllib.parse import quote

_METADATA = re.compile(r".*/site-packages/[^/]+[.]dist-info/METADATA")
_STATUS = re.compile(r"var/lib/dpkg/status(?:[.]d/[^/]+)?")
_COPYRIGHT = re.compile(r"usr/share/doc/(?P<package>[^/]+)/copyright")
_OTHERS = frozenset({"etc/os-release", "usr/lib/os-release", "opt/parley/pyvenv.cfg"})
_UNSAID = {"espeakng-loader": "GPL-3.0-or-later"}
"""Licences of distributions that say nothing themselves: this one carries eSpeak NG (docs/embedded-speech.md)."""
_LONGEST_LICENCE = 100
"""Characters; some distributions put the whole text where its name belongs."""
_MOST_LICENCES = 20


@dataclass(frozen=True, kw_only=True)
class Component:
    """One thing that is installed."""

    kind: Literal["python", "debian", "interpreter"]
    name: str
    version: str
    purl: str
    """Its package URL, which scanners look up."""
    expression: str = ""
    """Its licence as an SPDX expression, where it says so itself."""
    licences: tuple[str, ...] = ()
    """Its licences by name otherwise."""


def is_wanted(path: str) -> bool:
    """Whether a file of an image tells of what is installed."""
    patterns = (_METADATA, _STATUS, _COPYRIGHT)
    return path in _OTHERS or any(pattern.fullmatch(path) for pattern in patterns)


def components(files: Mapping[str, bytes], *, architecture: str) -> list[Component]:
    """Everything that is installed, by kind and name."""
    found = [*_interpreter(files), *_distributions(files), *_packages(files, architecture)]
    return sorted(found, key=lambda component: (component.kind, component.name, component.version))


def normalized(name: str) -> str:
    """A distribution's name as indexes compare it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _interpreter(files: Mapping[str, bytes]) -> Iterator[Component]:
    """The Python that the virtual environment was made with; official images have it outside of any package."""
    said = _fields(files.get("opt/parley/pyvenv.cfg", b"").decode(), separator="=")
    if version := said.get("version"):
        purl = f"pkg:generic/python@{version}"
        yield Component(kind="interpreter", name="python", version=version, purl=purl, expression="Python-2.0.1")


def _distributions(files: Mapping[str, bytes]) -> Iterator[Component]:
    for path, content in files.items():
        if not _METADATA.fullmatch(path):
            continue
        said = email.parser.Parser().parsestr(content.decode(errors="replace"), headersonly=True)
        name, version = normalized(str(said["Name"])), str(said["Version"])
        expression = str(said["License-Expression"] or "")
        licences = () if expression else _named(said.get("License"), said.get_all("Classifier") or [])
        if not expression and not licences:
            expression = _UNSAID.get(name, "")
        yield Component(
            kind="python",
            name=name,
            version=version,
            purl=f"pkg:pypi/{name}@{quote(version)}",
            expression=expression,
            licences=licences,
        )


def _named(licence: str | None, classifiers: list[str]) -> tuple[str, ...]:
    """Classifiers are tidier than the free text of the field, which may be a whole licence."""
    classified = [name.rpartition(" :: ")[2] for name in classifiers if name.startswith("License :: ")]
    if classified:
        return tuple(sorted(set(classified)))
    said = (licence or "").strip()
    return (said,) if said and len(said) <= _LONGEST_LICENCE and "\n" not in said else ()


def _packages(files: Mapping[str, bytes], architecture: str) -> Iterator[Component]:
    release = _fields(
        (files.get("etc/os-release") or files.get("usr/lib/os-release", b"")).decode(), separator="="
    )
    system, codename = (release.get(name, "").strip('"') for name in ("ID", "VERSION_CODENAME"))
    for path, content in files.items():
        if not _STATUS.fullmatch(path):
            continue
        for stanza in content.decode(errors="replace").split("\n\n"):
            said = _fields(stanza, separator=":")
            if "Package" not in said or not said.get("Status", "install ok installed").endswith(" installed"):
                continue
            name, version = said["Package"], said["Version"]
            qualifiers = f"arch={said.get('Architecture', architecture)}&distro={codename}"
            yield Component(
                kind="debian",
                name=name,
                version=version,
                purl=f"pkg:deb/{system or 'debian'}/{quote(name)}@{quote(version, safe='.-~')}?{qualifiers}",
                licences=_copyright(files.get(f"usr/share/doc/{name}/copyright", b"").decode(errors="replace")),
            )


def _copyright(text: str) -> tuple[str, ...]:
    """The licences that a machine-readable copyright file names."""
    named = re.findall(r"^License: *(\S.{0,99})$", text, re.MULTILINE)
    return tuple(sorted({name.strip() for name in named}))[:_MOST_LICENCES]


def _fields(text: str, *, separator: str) -> dict[str, str]:
    """Lines of the form `key SEPARATOR value`; continued lines are left out."""
    pairs = (line.partition(separator) for line in text.splitlines() if line and not line[0].isspace())
    return {key.strip(): value.strip() for key, found, value in pairs if found}
