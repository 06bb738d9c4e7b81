"""docs/status.md shows what kubectl and parley show today, but for names, ages and moments."""

from __future__ import annotations

from pathlib import Path

import pytest

from localcluster import ControlPlane
from tests.kubectl import pinned_kubectl
from tests.operator.conftest import ROOT
from tests.operator.status_page import FILE, essence, page

pytestmark = pytest.mark.controlplane


async def test_o12_the_page_of_statuses_is_true(plane: ControlPlane, tmp_path: Path) -> None:
    shown = await page(plane, pinned_kubectl(), tmp_path)
    stale = "docs/status.md is stale: python -m tests.operator.status_page"
    assert essence((ROOT / FILE).read_text(encoding="utf-8")) == essence(shown), stale


def test_what_varies_from_one_time_to_the_next_is_left_out_and_nothing_else() -> None:
    one = "  Pod/desk-66f9cb79b9-fsjxv  Ready  33s\n  Service/desk  ClusterIP 10.96.155.24:80  35s"
    other = "  Pod/desk-5c79d67d9c-nx2lq  Ready  1m2s\n  Service/desk  ClusterIP 10.96.1.4:80  62s"
    assert essence(one) == essence(other)
    assert essence(one) != essence(one.replace("Ready", "Pending"))
    assert essence(one) != essence(one.replace(":80", ":81"))
