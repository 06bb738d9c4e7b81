"""The field reference in docs/ is the one that the models say."""

from __future__ import annotations

from pathlib import Path

from parley_operator.api.conditions import Reason
from parley_operator.api.reference import FILE, as_markdown

REPOSITORY = Path(__file__).parents[3]


def test_the_reference_in_docs_is_what_the_models_say() -> None:
    text = (REPOSITORY / FILE).read_text()
    assert text == as_markdown(), "run `python -m parley_operator.api.reference` and commit the result"


def test_every_reason_is_explained() -> None:
    text = as_markdown()
    for reason in Reason:
        assert f"| `{reason}` |" in text
