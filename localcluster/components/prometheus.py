"""Prometheus with a configuration as the Prometheus operator makes it of PodMonitors and PrometheusRules."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from localcluster.manifests import Manifest
from localcluster.processes import Program

NAME = "prometheus"
SCRAPE_INTERVAL = "2s"
"""Tests wait for what is scraped."""
_LABEL = "__meta_kubernetes_pod_label_"
_COPIED = {
    "namespace": "__meta_kubernetes_namespace",
    "container": "__meta_kubernetes_pod_container_name",
    "pod": "__meta_kubernetes_pod_name",
}


@dataclass(frozen=True)
class Files:
    """What it reads, and where it keeps what it scraped; all below one folder."""

    folder: Path

    @property
    def configuration(self) -> Path:
        """Whom to scrape."""
        return self.folder / "prometheus.json"

    @property
    def web(self) -> Path:
        """Who may ask it."""
        return self.folder / "web.json"

    @property
    def rules(self) -> Path:
        """What to be alarmed by."""
        return self.folder / "rules.json"


def prometheus(binary: Path, *, files: Files, address: str) -> Program:
    """The command line; it listens on `address`, host and port."""
    argv = (
        f"{binary}",
        f"--config.file={files.configuration}",
        f"--web.config.file={files.web}",
        f"--web.listen-address={address}",
        f"--storage.tsdb.path={files.folder / 'data'}",
    )
    return Program(NAME, argv)


def write(
    files: Files,
    *,
    kubeconfig: Path,
    pod_monitors: Sequence[Manifest],
    rules: Sequence[Manifest] = (),
    users: dict[str, str],
) -> None:
    """Its configuration, for these objects of the cluster; `users` have names and bcrypt hashes of passwords."""
    jobs = [job for monitor in pod_monitors for job in _jobs(monitor, kubeconfig)]
    configuration = {
        "global": {"scrape_interval": SCRAPE_INTERVAL, "evaluation_interval": SCRAPE_INTERVAL},
        "rule_files": [f"{files.rules}"],
        "scrape_configs": jobs,
    }
    groups = [group for rule in rules for group in rule["spec"]["groups"]]
    files.folder.mkdir(parents=True, exist_ok=True)
    files.configuration.write_text(json.dumps(configuration))  # YAML takes all of JSON
    files.web.write_text(json.dumps({"basic_auth_users": users}))
    files.rules.write_text(json.dumps({"groups": groups}))


def _jobs(monitor: Manifest, kubeconfig: Path) -> Iterator[dict[str, Any]]:
    metadata, spec = monitor["metadata"], monitor["spec"]
    for index, endpoint in enumerate(spec["podMetricsEndpoints"]):
        yield {
            "job_name": f"podMonitor/{metadata['namespace']}/{metadata['name']}/{index}",
            "metrics_path": endpoint["path"],
            "scheme": endpoint["scheme"],
            "kubernetes_sd_configs": [
                {
                    "role": "pod",
                    "kubeconfig_file": f"{kubeconfig}",
                    "namespaces": {"names": [metadata["namespace"]]},
                }
            ],
            "relabel_configs": [
                *_selected(spec["selector"]),
                _keep("__meta_kubernetes_pod_container_port_name", endpoint["port"]),
                *({"source_labels": [source], "target_label": label} for label, source in _COPIED.items()),
                {"source_labels": [_label(spec["jobLabel"])], "target_label": "job", "regex": "(.+)"},
                {"target_label": "endpoint", "replacement": endpoint["port"]},
            ],
        }


def _selected(selector: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for key, value in selector.get("matchLabels", {}).items():
        yield _keep(_label(key), value)
    for expression in selector.get("matchExpressions", []):
        if expression["operator"] != "In":
            raise ValueError(f"a selector with {expression['operator']} is not understood")
        yield _keep(_label(expression["key"]), *expression["values"])


def _keep(source: str, *values: str) -> dict[str, Any]:
    return {"action": "keep", "source_labels": [source], "regex": "|".join(map(re.escape, values))}


def _label(key: str) -> str:
    return _LABEL + re.sub(r"[^a-zA-Z0-9_]", "_", key)
