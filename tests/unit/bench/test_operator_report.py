"""What the operator's benchmark counts, and what it makes of it."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

from tests.bench.operator.report import table, verdicts
from tests.bench.operator.requests import AuditLog
from tests.bench.operator.trial import Seen
from tests.bench.operator.usage import Usage


def line(verb: str, resource: str, subresource: str = "") -> str:
    target: dict[str, Any] = {"resource": resource, **({"subresource": subresource} if subresource else {})}
    return json.dumps({"verb": verb, "requestURI": "/x", "objectRef": target}) + "\n"


def test_requests_are_counted_once_by_verb_and_resource(tmp_path: Path) -> None:
    path = tmp_path / "audit.log"
    log = AuditLog(path)
    path.write_text(line("patch", "deployments") * 2 + line("patch", "voicedeployments", "status"))
    assert log.news() == {("patch", "deployments"): 2, ("patch", "voicedeployments/status"): 1}
    assert log.news() == {}


def test_a_line_that_is_being_written_counts_once_it_is_whole(tmp_path: Path) -> None:
    path, whole = tmp_path / "audit.log", line("get", "secrets")
    log = AuditLog(path)
    path.write_text(whole[:10])
    assert log.news() == {}
    path.write_text(whole)
    assert log.news() == {("get", "secrets"): 1}


def test_watches_and_the_lease_are_what_an_idle_operator_may_ask(tmp_path: Path) -> None:
    path = tmp_path / "audit.log"
    path.write_text(line("watch", "deployments") + line("update", "leases") + line("list", "pods"))
    assert AuditLog(path).news() == {("list", "pods"): 1}


def seen(*, ready_s: float | None, rss_mb: float, idle: int = 0) -> Seen:
    asked = Counter({("patch", "deployments"): idle}) if idle else Counter[tuple[str, str]]()
    return Seen(1000, ready_s=ready_s, busy=Usage(peak_rss_mb=rss_mb), idle_requests=asked)


def test_a_thousand_are_to_be_ready_in_a_minute_with_little_memory() -> None:
    assert verdicts([seen(ready_s=59, rss_mb=199)])[0].endswith(": met")
    assert verdicts([seen(ready_s=61, rss_mb=199)])[0].endswith(": not met")
    assert verdicts([seen(ready_s=59, rss_mb=200)])[0].endswith(": not met")
    assert verdicts([seen(ready_s=None, rss_mb=100)])[0].endswith(": not met")


def test_requests_while_nothing_changes_are_told() -> None:
    assert "patch deployments: 3" in verdicts([seen(ready_s=1, rss_mb=1, idle=3)])[1]


def test_what_was_not_in_time_is_said() -> None:
    assert "not in time" in table([seen(ready_s=None, rss_mb=1)])
