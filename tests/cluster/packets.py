"""Packets that leave a pod, and what comes of them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Literal, NamedTuple

from tests.cluster.kubernetes import Namespace
from tests.cluster.pods import PYTHON

REACHED = "reached"
CLOSED = "closed"
"""It was reached as well: it answers that nobody listens on this port."""
REFUSED = "refused"
"""Some rule on the way says no; see `enforcer/chains.py`."""


class Target(NamedTuple):
    """Where to connect to."""

    address: str
    port: int
    protocol: Literal["tcp", "dns", "http"] = "tcp"
    """dns: a question over UDP. http: a request for /metrics."""


def outcomes(namespace: Namespace, pod: str, targets: Mapping[str, Target]) -> dict[str, str]:
    """What a pod meets at each target; other words than the three above are those of the error."""
    said = namespace.kubectl("exec", pod, "--", PYTHON, "-c", SCRIPT, json.dumps(targets))
    found: dict[str, str] = json.loads(said)
    return found


def metrics(namespace: Namespace, pod: str, address: str, port: int) -> str:
    """What a pod that may ask reads at /metrics of another."""
    return namespace.kubectl("exec", pod, "--", PYTHON, "-c", READ, f"http://{address}:{port}/metrics")


READ = """
import sys, urllib.request
print(urllib.request.urlopen(sys.argv[1], timeout=20).read().decode())
"""
SCRIPT = """
import concurrent.futures, errno, json, socket, sys, urllib.request

QUESTION = b"\\0\\1\\1\\0\\0\\1\\0\\0\\0\\0\\0\\0\\7default\\3svc\\7cluster\\5local\\0\\0\\1\\0\\1"
WORDS = {errno.ECONNREFUSED: "closed", errno.EHOSTUNREACH: "refused"}

def tcp(address, port):
    socket.create_connection((address, port), timeout=20).close()

def dns(address, port):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        udp.settimeout(20)
        udp.connect((address, port))
        udp.send(QUESTION)
        assert udp.recv(512)[:2] == QUESTION[:2]

def http(address, port):
    with urllib.request.urlopen(f"http://{address}:{port}/metrics", timeout=20) as answer:
        assert b"# TYPE " in answer.read()

def outcome(address, port, protocol):
    try:
        globals()[protocol](address, port)
    except OSError as error:
        number = getattr(getattr(error, "reason", error), "errno", None)
        return WORDS.get(number, repr(error))
    return "reached"

with concurrent.futures.ThreadPoolExecutor() as pool:
    targets = json.loads(sys.argv[1])
    print(json.dumps(dict(zip(targets, pool.map(lambda target: outcome(*target), targets.values())))))
"""
