"""Writes what is derived, so that it cannot drift: the chart's copy of the CRDs, its README, the Kustomize base.

`make manifests` runs it; a test fails when the files in the repository differ from what it would write.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from charts.values_table import table
from localcluster.builds import BuildCache
from localcluster.paths import cache_dir
from localcluster.progress import Progress
from localcluster.versions import HELM

ROOT = Path(__file__).resolve().parent.parent
CHART = ROOT / "charts" / "parley"
NAMESPACE = "parley-system"
RELEASE = "parley"
HEADER = "# Made by `make manifests` from charts/parley; edit that.\n"
README = """# The chart of the Parley operator
<!-- Made by `make manifests` from values.yaml and values.schema.json; edit those. -->

```console
$ helm upgrade --install parley charts/parley --namespace parley-system --create-namespace
$ helm test parley --namespace parley-system
```

The same command upgrades, the resource definition included. [Install](../../docs/install.md) has images,
environments side by side and Kustomize, [upgrading](../../docs/upgrading.md) what an upgrade does and how to take
it back.

A value that is not in this table is refused, and so is one of the wrong type.

"""
OF_HELM = ("helm.sh/", "app.kubernetes.io/managed-by", "meta.helm.sh/")
"""Prefixes of labels and annotations that mean something to Helm alone."""


def definitions() -> dict[Path, str]:
    """The chart's copies of the CRDs: Helm packages only what lies below a chart."""
    folder = CHART / "files" / "crds"
    return {folder / source.name: source.read_text() for source in custom_resources()}


def custom_resources() -> list[Path]:
    """The generated CRDs; the folder also holds a kustomization."""
    return [path for path in sorted((ROOT / "crds").glob("*.yaml")) if path.name != "kustomization.yaml"]


def readme() -> dict[Path, str]:
    """The chart's README: what to do first, and every value with what values.yaml says of it."""
    text, schema = ((CHART / name).read_text() for name in ("values.yaml", "values.schema.json"))
    return {CHART / "README.md": README + table(text, schema)}


def base(rendered: str) -> dict[Path, str]:
    """The Kustomize base of the chart's default rendering, without the CRDs: Kustomize takes them from crds/."""
    manifests = [plain(manifest) for manifest in yaml.safe_load_all(rendered) if manifest]
    kept = [manifest for manifest in manifests if manifest["kind"] != "CustomResourceDefinition"]
    return {ROOT / "manifests" / "base" / "operator.yaml": HEADER + yaml.safe_dump_all(kept, sort_keys=False)}


def plain(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """`manifest` without what only Helm reads."""
    metadata = dict(manifest["metadata"])
    for field in ("labels", "annotations"):
        kept = {key: value for key, value in metadata.get(field, {}).items() if not key.startswith(OF_HELM)}
        metadata[field] = kept
        if not kept:
            del metadata[field]
    return {**manifest, "metadata": metadata}


def render(helm: str) -> str:
    """The chart's default rendering, hooks left out."""
    command = [helm, "template", RELEASE, str(CHART), "--namespace", NAMESPACE, "--no-hooks"]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def write(files: Mapping[Path, str]) -> None:
    """Write each file that differs."""
    for path, text in files.items():
        if not path.is_file() or path.read_text() != text:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
            print(f"wrote {path.relative_to(ROOT)}", file=sys.stderr)


def pinned_helm() -> str:
    """The Helm of the project's own version, so that everyone derives the same bytes."""
    cache = BuildCache(cache_dir(), progress=Progress())
    cache.ensure((HELM,))
    return str(cache.binary(HELM, "helm"))


def main() -> None:
    """Copies first: the rendering reads them."""
    write(definitions())
    write(readme())
    write(base(render(pinned_helm())))


if __name__ == "__main__":
    main()
