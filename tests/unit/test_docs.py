"""The documentation leads everywhere, and nowhere else."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from charts.values_table import values
from parley_operator.api.crd import custom_resource_definition

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = sorted([ROOT / "README.md", *DOCS.rglob("*.md"), ROOT / "charts" / "parley" / "README.md"])
_LINK = re.compile(r"\]\((?!https?:)([^)#\s]*)(#[^)\s]*)?\)")


def links(page: Path) -> list[tuple[Path, str]]:
    """The files, and places in them, that a page links to; code is no text."""
    text = re.sub(r"```.*?```", "", page.read_text(), flags=re.DOTALL)
    return [((page.parent / path).resolve() if path else page, place) for path, place in _LINK.findall(text)]


def places(page: Path) -> set[str]:
    """The anchors of a page's headings, as code hosts make them."""
    headings = re.findall(r"^#+ (.*)$", page.read_text(), re.MULTILINE)
    return {"#" + re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_somewhere(page: Path) -> None:
    missing = [str(path) for path, _ in links(page) if not path.exists()]
    assert missing == []
    lost = [f"{path.name}{place}" for path, place in links(page) if place and place not in places(path)]
    assert lost == []


def test_every_page_can_be_found_from_the_index() -> None:
    linked = {path for path, _ in links(DOCS / "README.md")}
    pages = {page for page in DOCS.glob("*.md") if page.name != "README.md"}
    assert sorted(page.name for page in pages - linked) == []


def paths(schema: dict[str, Any], path: str = "") -> Iterator[str]:
    """Every field, and every block of them; what is below a map is its user's."""
    while "items" in schema:
        schema = schema["items"]
    for name, below in schema.get("properties", {}).items():
        here = f"{path}.{name}" if path else name
        yield here
        yield from paths(below, here)


@cache
def fields_of_the_resource() -> frozenset[str]:
    """By their paths from the spec on."""
    [version] = custom_resource_definition()["spec"]["versions"]
    return frozenset(paths(version["schema"]["openAPIV3Schema"]["properties"]["spec"]))


MAPS = ("pod.resources.limits", "pod.resources.requests")
"""Their keys are the cluster's."""
OF_THE_RESOURCE = [page for page in PAGES if page.name != "protocol.md"]
"""Messages of the protocol have fields that are called like some of the resource's."""


@pytest.mark.parametrize("page", OF_THE_RESOURCE, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_field_of_the_resource_that_a_page_names_is_there(page: Path) -> None:
    """By its path from the spec on; values of the chart may begin alike."""
    fields = fields_of_the_resource()
    chart = {value.name for value in values((ROOT / "charts" / "parley" / "values.yaml").read_text())}
    text = re.sub(r"```.*?```", "", page.read_text(), flags=re.DOTALL)
    written = re.findall(r"`(?:spec[.])?([a-z]\w*(?:[.\[][\w.\[\]]+)+)`", text)
    named = {re.sub(r"\[[^]]*\]", "", path) for path in written} - chart
    blocks = {path for path in fields if "." not in path}
    unknown = {path for path in named - fields if path.partition(".")[0] in blocks}
    assert sorted(path for path in unknown if path.rpartition(".")[0] not in MAPS) == []
