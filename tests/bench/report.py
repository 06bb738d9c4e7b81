"""What was measured, for people and for programs."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from tests.bench.contenders.contender import Mode
from tests.bench.load import Seen
from tests.bench.quantiles import p50, p95
from tests.bench.rows import Row


def table(rows: Sequence[Row], *, theirs: str) -> str:
    """As Markdown."""
    lines = [f"| | {theirs} | Parley | Parley ÷ {theirs} | required | |", "|---|---|---|---|---|---|"]
    return "\n".join(lines + [_cells(row) for row in rows]) + "\n"


def _cells(row: Row) -> str:
    sign = "≥" if row.more_is_better else "≤"
    required = f"{sign} {row.required:.3g}" if row.required is not None else ""
    ratio = f"{row.ratio:.2f}" if row.ratio is not None else ""
    verdict = {True: "met", False: "not met", None: ""}[row.met]
    what = f"{row.what} ({row.note})" if row.note else row.what
    cells = (what, _figure(row.theirs, row.unit), _figure(row.ours, row.unit), ratio, required, verdict)
    return f"| {' | '.join(cells)} |"


def _figure(value: float | None, unit: str) -> str:
    return "" if value is None else f"{value:.3g} {unit}".strip()


def circumstances() -> str:
    """Where it was measured, as far as it matters."""
    loads = "/".join(f"{load:.1f}" for load in os.getloadavg())
    return f"{os.cpu_count()} cores, load average {loads}, Python {platform.python_version()}, {platform.system()}"


def write(folder: Path, rows: Sequence[Row], trials: Sequence[tuple[str, Mode, Seen]], *, theirs: str) -> None:
    """`bench.md` and `bench.json`."""
    folder.mkdir(parents=True, exist_ok=True)
    where = circumstances()
    (folder / "bench.md").write_text(f"{table(rows, theirs=theirs)}\n{where}\n")
    content = {
        "where": where,
        "rows": [{**asdict(row), "ratio": row.ratio, "met": row.met} for row in rows],
        "trials": [_summary(name, mode, seen) for name, mode, seen in trials],
    }
    (folder / "bench.json").write_text(json.dumps(content, indent=1))


def _summary(name: str, mode: Mode, seen: Seen) -> dict[str, Any]:
    spans: dict[str, Sequence[float | None]] = {
        "to_model": [turn.to_model_s for turn in seen.turns],
        "to_voice": [turn.to_voice_s for turn in seen.turns],
        "to_client": [turn.to_client_s for turn in seen.turns],
        "added": seen.added_s(),
        "to_silence": seen.to_silence_s(),
    }
    measured = {name: [span for span in of if span is not None] for name, of in spans.items()}
    return {
        "contender": name,
        "mode": mode,
        "sessions": seen.sessions,
        "turns": len(seen.turns),
        "failed": seen.failed,
        "underruns": seen.underruns,
        "unstopped": seen.unstopped,
        "cpu_ms_per_session_s": seen.cpu_ms_per_session_s,
        "mb_before_first": seen.idle_mb,
        "mb_per_session": seen.mb_per_session,
        "load_cpu": seen.load_cpu,
        "load_lag_ms": seen.load_lag_s * 1000,
        "ms": {name: {"p50": p50(of) * 1000, "p95": p95(of) * 1000} for name, of in measured.items() if of},
    }
