"""What was measured, for people and for programs."""

from __future__ import annotations

import json
import os
import platform
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path

from tests.bench.operator.trial import Requests, Seen
from tests.bench.operator.usage import Usage

KUBERAY_S = {100: 83, 1000: 258, 5000: 1213}
"""KubeRay 1.1.1 on GKE: until all RayClusters are ready, after they were made, by benchmark/perf-tests."""
REQUIRED_SIZE, REQUIRED_S, REQUIRED_MB = 1000, 60, 200
"""So many are to be ready within so many seconds, on two cores that everything shares."""


def table(trials: Sequence[Seen]) -> str:
    """As Markdown, a column for each size."""
    lines = [
        "| | " + " | ".join(f"{seen.size:,}" for seen in trials) + " |",
        "|---" * (len(trials) + 1) + "|",
        *(_row(name, trials, of) for name, of in _ROWS.items()),
    ]
    return "\n".join(lines) + "\n"


def requests_table(seen: Seen) -> str:
    """Requests for each resource, by what was asked, most first."""
    counted = sorted(seen.requests.items(), key=lambda item: (-item[1], item[0]))
    lines = [f"| {verb} | {what} | {number / seen.size:.2f} |" for (verb, what), number in counted]
    return "\n".join(["| verb | what | for each resource |", "|---|---|---|", *lines]) + "\n"


def write(folder: Path, trials: Sequence[Seen], *, where: str) -> None:
    """`bench-operator.md` and `bench-operator.json`."""
    folder.mkdir(parents=True, exist_ok=True)
    parts = [table(trials), *(requests_table(seen) for seen in trials[-1:]), where]
    (folder / "bench-operator.md").write_text("\n".join(parts) + "\n")
    content = {"where": where, "trials": [_plain(seen) for seen in trials]}
    (folder / "bench-operator.json").write_text(json.dumps(content, indent=1))


def circumstances() -> str:
    """Where it was measured, as far as it matters."""
    loads = "/".join(f"{load:.1f}" for load in os.getloadavg())
    return f"{os.cpu_count()} cores, load average {loads}, Python {platform.python_version()}, {platform.system()}"


def verdicts(trials: Sequence[Seen]) -> list[str]:
    """Whether it is as required."""
    said = []
    for seen in trials:
        if seen.size == REQUIRED_SIZE:
            in_time = seen.ready_s is not None and seen.ready_s <= REQUIRED_S
            met = in_time and seen.busy.peak_rss_mb < REQUIRED_MB
            figures = f"{_seconds(seen.ready_s)} of {REQUIRED_S}, {seen.busy.peak_rss_mb:.0f} MB of {REQUIRED_MB}"
            said.append(f"{seen.size:,} resources: {figures}: {'met' if met else 'not met'}")
        if seen.idle_requests:
            asked = ", ".join(f"{verb} {what}: {number}" for (verb, what), number in seen.idle_requests.items())
            said.append(f"{seen.size:,} resources: asked while nothing changed: {asked}")
    return said


def _row(name: str, trials: Sequence[Seen], of: Callable[[Seen], str]) -> str:
    return f"| {name} | " + " | ".join(of(seen) for seen in trials) + " |"


def _seconds(value: float | None) -> str:
    return "not in time" if value is None else f"{value:.1f} s"


def _cpu(usage: Usage) -> str:
    others = ", ".join(f"{name} {seconds:.0f}" for name, seconds in usage.cpu_s.items() if name != "operator")
    return f"{usage.cpu_s.get('operator', 0.0):.1f} s ({others})"


def _memory(usage: Usage) -> str:
    return f"{usage.peak_rss_mb:.0f} / {usage.peak_pss_mb:.0f} MB"


def _total(requests: Requests, size: int = 1) -> str:
    return f"{sum(requests.values()) / size:.1f}" if size > 1 else f"{sum(requests.values())}"


def _kuberay(seen: Seen) -> str:
    published = KUBERAY_S.get(seen.size)
    return f"{published} s" if published else ""


_ROWS: dict[str, Callable[[Seen], str]] = {
    "all made": lambda seen: _seconds(seen.made_s),
    "all children there": lambda seen: _seconds(seen.reconciled_s),
    "all Ready": lambda seen: _seconds(seen.ready_s),
    "KubeRay's, published": _kuberay,
    "children of each": lambda seen: f"{seen.children / seen.size:.1f}",
    "requests of the operator for each": lambda seen: _total(seen.requests, seen.size),
    "CPU until Ready: operator (others)": lambda seen: _cpu(seen.busy),
    "operator's memory until Ready, RSS / PSS": lambda seen: _memory(seen.busy),
    "requests in a minute of nothing": lambda seen: _total(seen.idle_requests),
    "operator's CPU in a minute of nothing": lambda seen: f"{seen.idle.cpu_s.get('operator', 0.0):.2f} s",
    "operator started again, until done": lambda seen: _seconds(seen.restart_s),
    "requests of that": lambda seen: _total(seen.restart_requests),
    "memory of that, RSS / PSS": lambda seen: _memory(seen.restart),
}


def _plain(seen: Seen) -> dict[str, object]:
    content = asdict(seen)
    for name in ("requests", "idle_requests", "restart_requests"):
        counted: Counter[tuple[str, str]] = getattr(seen, name)
        content[name] = {" ".join(what): number for what, number in counted.items()}
    return content
