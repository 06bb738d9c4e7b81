"""The images' bills of materials, from the images that the node runs (O11)."""

from __future__ import annotations

import json
from typing import Any

import pytest

from quickstart.images import Image, images
from sbom.__main__ import bill
from tests.cluster.conftest import Cluster
from tests.unit.sbom.schema import problems

PROBE = """
import json, re
from importlib.metadata import distributions
names = {re.sub(r"[-_.]+", "-", found.name).lower(): found.version for found in distributions()}
print(json.dumps(names))
"""


@pytest.mark.parametrize("image", images(), ids=lambda image: image.name)
def test_o11_a_bill_names_every_distribution_with_its_version_and_hashes(cluster: Cluster, image: Image) -> None:
    with cluster.node.archive(image) as archive:
        content = bill(image, archive)
    assert problems(content) == []
    found: dict[str, dict[str, Any]] = {c["purl"].split("@")[0]: c for c in content["components"]}
    told = {name.removeprefix("pkg:pypi/"): c for name, c in found.items() if name.startswith("pkg:pypi/")}
    assert {name: c["version"] for name, c in told.items()} == installed(cluster, image)
    assert [name for name, c in told.items() if "externalReferences" not in c] == ["parley-voice"], "ours is built"
    assert [name for name, c in told.items() if "licenses" not in c] == []
    system = [c for name, c in found.items() if name.startswith("pkg:deb/")]
    assert {"libc6", "ca-certificates"} <= {c["name"] for c in system}
    assert "python" in {c["name"] for c in content["components"]}


def installed(cluster: Cluster, image: Image) -> dict[str, str]:
    """What the image's own Python finds, asked in a pod."""
    pod = {
        "restartPolicy": "Never",
        "containers": [
            {
                "name": "probe",
                "image": image.reference(cluster.node.repository),
                "command": ["/opt/parley/bin/python", "-c", PROBE],
            }
        ],
    }
    run = ("kubectl", "run", f"probe-{image.name}", "--image=x", "--rm", "--attach", "--quiet", "--restart=Never")
    said = cluster.commands.read(*run, f"--overrides={json.dumps({'spec': pod})}", timeout=120)
    names: dict[str, str] = json.loads(said)
    return names
