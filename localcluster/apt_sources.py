"""The package mirror that this machine uses, read from its apt sources; never written anywhere."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from localcluster.errors import ClusterError

APT = Path("/etc/apt")
OS_RELEASE = Path("/etc/os-release")


@dataclass(frozen=True)
class Source:
    """One archive of packages: where, and which suites it has."""

    uri: str
    suites: tuple[str, ...]


def mirror() -> tuple[str, str]:
    """The mirror's address and the suite of this machine's release."""
    suite = codename(OS_RELEASE.read_text())
    for source in read_sources(APT):
        if suite in source.suites:
            return source.uri, suite
    remedy = "pass --build-arg PYTHON_IMAGE=IMAGE with an image that this machine can pull"
    raise ClusterError("base image", f"no apt source of this machine has the suite {suite!r}", remedy)


def codename(os_release: str) -> str:
    """`VERSION_CODENAME` of an os-release file."""
    for line in os_release.splitlines():
        name, _, value = line.partition("=")
        if name == "VERSION_CODENAME":
            return value.strip('"')
    raise ClusterError("base image", "this machine's release has no code name", "use Debian or Ubuntu")


def read_sources(folder: Path) -> Iterator[Source]:
    """All sources, of both notations."""
    for path in [folder / "sources.list", *sorted((folder / "sources.list.d").glob("*"))]:
        if path.suffix == ".list" and path.is_file():
            yield from parse_lines(path.read_text())
        if path.suffix == ".sources":
            yield from parse_stanzas(path.read_text())


def parse_lines(text: str) -> Iterator[Source]:
    """The one-line notation: `deb [options] URI SUITE COMPONENT...`."""
    for line in text.splitlines():
        before, _, after = line.partition("]")
        words = (after if "[" in before else line).split()
        kind = line.split()[:1]
        if kind == ["deb"]:
            uri, suite = words[0:2] if "[" in before else words[1:3]
            yield Source(uri, (suite,))


def parse_stanzas(text: str) -> Iterator[Source]:
    """The deb822 notation: fields such as `URIs:` and `Suites:` in stanzas between empty lines."""
    for stanza in text.split("\n\n"):
        pairs = (line.partition(":") for line in stanza.splitlines() if not line.startswith(("#", " ", "\t")))
        fields = {name.lower(): value.split() for name, _, value in pairs}
        if "deb" in fields.get("types", []) and fields.get("uris"):
            yield Source(fields["uris"][0], tuple(fields.get("suites", [])))
