"""The documentation leads everywhere, and nowhere else."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

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
