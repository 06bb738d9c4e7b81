"""Kubernetes objects as YAML that people read: texts of several lines as blocks, equal parts written out."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import yaml

WIDTH = 110


class _Dumper(yaml.SafeDumper):
    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002 - anchors are no pleasure to read
        return True


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.Node:
    style = "|" if "\n" in text.rstrip("\n") else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _text)


def as_yaml(document: Any) -> str:
    """One document; fields stay in their order."""
    text: str = yaml.dump(document, Dumper=_Dumper, sort_keys=False, width=WIDTH, allow_unicode=True)
    return text


def as_yaml_stream(documents: Iterable[Any]) -> str:
    """Documents that each begin with `---`; fields stay in their order."""
    text: str = yaml.dump_all(
        documents, Dumper=_Dumper, sort_keys=False, width=WIDTH, allow_unicode=True, explicit_start=True
    )
    return text
