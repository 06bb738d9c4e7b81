"""The samples with everything they turn into. The files in golden/ are reviewed like code.

`python -m tests.unit.operator.test_golden` writes them anew.
"""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from parley_operator.api.yaml_text import as_yaml_stream
from parley_operator.render import render
from tests.unit.operator.facts import parse, with_values

REPOSITORY = Path(__file__).parents[3]
GOLDEN = Path(__file__).parent / "golden"
SAMPLES = ("quickstart", "production", "worker-pools")


def rendered_sample(name: str) -> str:
    document = yaml.safe_load((REPOSITORY / "manifests" / "samples" / f"{name}.yaml").read_text())
    resource = parse(document)
    rendered = render(resource, with_values(resource))
    parts = [*rendered.manifests, rendered.scale, *rendered.worker_scales]
    findings = [f"{finding.condition}: {finding.reason}: {finding.message}" for finding in rendered.findings]
    summary = {
        "version": rendered.version,
        "endpoints": [url for _, url in rendered.endpoints],
        "findings": findings,
    }
    return as_yaml_stream([summary, *parts])


@pytest.mark.parametrize("name", SAMPLES)
def test_o02_samples_turn_into_what_was_reviewed(name: str) -> None:
    assert rendered_sample(name) == (GOLDEN / f"{name}.yaml").read_text()


if __name__ == "__main__":
    for sample in SAMPLES:
        (GOLDEN / f"{sample}.yaml").write_text(rendered_sample(sample))
