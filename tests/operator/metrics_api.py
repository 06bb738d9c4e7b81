"""custom.metrics.k8s.io and metrics.k8s.io, as an adapter of Prometheus and metrics-server would serve them.

No adapter can be had as a program for tests. What autoscalers and the API server ask is little: the list of an
API's resources, and values of the pods of a namespace.
"""

from __future__ import annotations

import json
import re
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from localcluster.certificates import Subject, authority, issue

Json = dict[str, Any]
CUSTOM = ("custom.metrics.k8s.io", "v1beta2")
RESOURCE = ("metrics.k8s.io", "v1beta1")
METRIC = "voice_sessions_active"
CONTAINERS = ("gateway", "worker")
"""Of gateways' pods and of workers': an autoscaler looks at the one that it was told."""
_PODS = re.compile(r"^/apis/metrics\.k8s\.io/v1beta1/namespaces/([^/]+)/pods$")
_SESSIONS = re.compile(rf"^/apis/custom\.metrics\.k8s\.io/v1beta2/namespaces/([^/]+)/pods/\*/{METRIC}$")

Values = Callable[[str, str], Mapping[str, float]]
"""From a namespace and a label selector to a value of each pod."""


class MetricsServer:
    """A server of both APIs; `address` is where it listens."""

    def __init__(self, folder: Path, *, host: str, sessions: Values, cpu: Values) -> None:
        """`sessions` are as gateways tell them, `cpu` in cores."""
        self._sessions, self._cpu = sessions, cpu
        pair = issue(folder, "metrics", subject=Subject("metrics"), issuer=authority(folder, "metrics-authority"))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(pair.certificate, pair.key)
        answer = self._answer

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                url = urlsplit(self.path)
                selector = parse_qs(url.query).get("labelSelector", [""])[0]
                body = answer(unquote(url.path), selector)
                content = json.dumps(body or {}).encode()
                self.send_response(200 if body is not None else 404)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *args: object) -> None:
                """Nothing: a test that fails shows what it saw."""

        self._server = ThreadingHTTPServer((host, 0), Handler)
        self._server.daemon_threads = True
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True)

    @property
    def port(self) -> int:
        return int(self._server.server_address[1])

    @contextmanager
    def serving(self) -> Iterator[None]:
        thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            yield
        finally:
            self._server.shutdown()
            self._server.server_close()
            thread.join()

    def _answer(self, path: str, selector: str) -> Json | None:
        for group, version in (CUSTOM, RESOURCE):
            if path == f"/apis/{group}/{version}":
                return _resources(group, version)
        if found := _SESSIONS.match(path):
            return _sessions(found[1], self._sessions(found[1], selector))
        if found := _PODS.match(path):
            return _pods(found[1], self._cpu(found[1], selector))
        return None


def api_service(group: str, version: str, *, namespace: str, name: str, port: int) -> Json:
    """What registers an API at the API server; the Service says where it is."""
    return {
        "apiVersion": "apiregistration.k8s.io/v1",
        "kind": "APIService",
        "metadata": {"name": f"{version}.{group}"},
        "spec": {
            "group": group,
            "version": version,
            "groupPriorityMinimum": 100,
            "versionPriority": 100,
            "insecureSkipTLSVerify": True,
            "service": {"namespace": namespace, "name": name, "port": port},
        },
    }


def _resources(group: str, version: str) -> Json:
    custom = (group, version) == CUSTOM
    name, kind = (f"pods/{METRIC}", "MetricValueList") if custom else ("pods", "PodMetrics")
    resource = {"name": name, "singularName": "", "namespaced": True, "kind": kind, "verbs": ["get", "list"]}
    return {
        "kind": "APIResourceList",
        "apiVersion": "v1",
        "groupVersion": f"{group}/{version}",
        "resources": [resource],
    }


def _sessions(namespace: str, values: Mapping[str, float]) -> Json:
    items = [
        {
            "describedObject": {"kind": "Pod", "namespace": namespace, "name": pod, "apiVersion": "/v1"},
            "metric": {"name": METRIC},
            "timestamp": _now(),
            "value": str(value),
        }
        for pod, value in values.items()
    ]
    return {"kind": "MetricValueList", "apiVersion": "/".join(CUSTOM), "metadata": {}, "items": items}


def _pods(namespace: str, values: Mapping[str, float]) -> Json:
    items = [
        {
            "metadata": {"name": pod, "namespace": namespace},
            "timestamp": _now(),
            "window": "10s",
            "containers": [
                {"name": name, "usage": {"cpu": f"{cores * 1000:.0f}m", "memory": "64Mi"}} for name in CONTAINERS
            ],
        }
        for pod, cores in values.items()
    ]
    return {"kind": "PodMetricsList", "apiVersion": "/".join(RESOURCE), "metadata": {}, "items": items}


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
