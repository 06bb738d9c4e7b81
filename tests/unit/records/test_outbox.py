"""The folder in which rows wait: what a process leaves, the next one finds, whatever moment it died at."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from parley_gateway.records import outbox as module
from parley_gateway.records.outbox import Outbox, OutboxFullError, Queue

BOTH = ("database", "stripe")


def die(outbox: Outbox) -> None:
    """As a killed process: its lock goes, its files stay."""
    os.close(outbox._lock)


def names(queue: Queue) -> list[str]:
    return [name for name, _ in queue.oldest(1000)]


def test_g07_a_row_waits_for_each_destination_until_it_has_arrived(tmp_path: Path) -> None:
    outbox = Outbox(tmp_path, BOTH)
    outbox.put("s1", b"one")
    outbox.queues["database"].remove(["s1"])
    assert [names(queue) for queue in outbox.queues.values()] == [[], ["s1"]]


def test_g07_a_row_is_on_the_disk_and_so_is_its_name_before_it_counts_as_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced, sync = [], os.fsync

    def noted(descriptor: int) -> None:
        sync(descriptor)
        synced.append(os.fstat(descriptor).st_ino)

    monkeypatch.setattr(os, "fsync", noted)
    outbox = Outbox(tmp_path, ["database"])
    outbox.put("s1", b"one")
    row = outbox._own / "database" / "s1.json"
    assert synced == [row.stat().st_ino, row.parent.stat().st_ino]


def test_g07_rows_leave_in_the_order_in_which_they_came(tmp_path: Path) -> None:
    outbox = Outbox(tmp_path, ["database"])
    for name in ("b", "a", "c"):
        outbox.put(name, name.encode())
    assert outbox.queues["database"].oldest(2) == [("b", b"b"), ("a", b"a")]


def test_g07_the_next_process_takes_over_what_waits(tmp_path: Path) -> None:
    dead = Outbox(tmp_path, BOTH)
    dead.put("s1", b"one")
    die(dead)
    heir = Outbox(tmp_path, BOTH)
    assert heir.adopt() == 0
    assert heir.queues["database"].oldest(9) == [("s1", b"one")]
    assert len(list(tmp_path.glob("process-*"))) == 1


def test_g07_sessions_that_were_running_become_rows_and_ended_ones_stay_as_they_are(tmp_path: Path) -> None:
    dead = Outbox(tmp_path, BOTH)
    dead.checkpoint({"ran": b"interrupted", "ended": b"interrupted"})
    dead.put("ended", b"final")
    die(dead)
    heir = Outbox(tmp_path, BOTH)
    assert heir.adopt() == 1
    for queue in heir.queues.values():
        assert sorted(queue.oldest(9)) == [("ended", b"final"), ("ran", b"interrupted")]


def test_g07_a_checkpoint_takes_the_place_of_the_one_before(tmp_path: Path) -> None:
    dead = Outbox(tmp_path, BOTH)
    dead.checkpoint({"s1": b"old", "s2": b"old"})
    dead.checkpoint({"s2": b"new"})
    die(dead)
    heir = Outbox(tmp_path, BOTH)
    heir.adopt()
    assert heir.queues["database"].oldest(9) == [("s2", b"new")]


def test_g07_what_a_living_process_holds_is_left_to_it(tmp_path: Path) -> None:
    living = Outbox(tmp_path, BOTH)
    living.checkpoint({"s1": b"running"})
    living.put("s2", b"waiting")
    other = Outbox(tmp_path, BOTH)
    assert other.adopt() == 0
    assert len(other.queues["database"]) == 0
    assert len(living.queues["database"]) == 1


def test_g07_a_heir_that_dies_too_loses_nothing(tmp_path: Path) -> None:
    """It had moved one queue, and made rows of the running sessions."""
    dead = Outbox(tmp_path, BOTH)
    dead.checkpoint({"ran": b"interrupted"})
    dead.put("s1", b"one")
    die(dead)
    heir = Outbox(tmp_path, ["database"])
    heir.adopt()
    die(heir)
    last = Outbox(tmp_path, BOTH)
    last.adopt()
    assert sorted(names(last.queues["database"])) == ["ran", "s1"]
    assert names(last.queues["stripe"]) == ["s1"]


def test_g07_a_file_half_written_is_no_row(tmp_path: Path) -> None:
    dead = Outbox(tmp_path, BOTH)
    (dead._own / "database" / "s1.tmp").write_bytes(b"ha")
    die(dead)
    heir = Outbox(tmp_path, BOTH)
    heir.adopt()
    assert len(heir.queues["database"]) == 0
    assert len(list(tmp_path.glob("process-*"))) == 1


def test_g07_rows_of_a_destination_that_is_not_configured_any_more_are_kept(tmp_path: Path) -> None:
    dead = Outbox(tmp_path, BOTH)
    dead.put("s1", b"one")
    die(dead)
    Outbox(tmp_path, ["database"]).adopt()
    heir = Outbox(tmp_path, BOTH)
    heir.adopt()
    assert names(heir.queues["stripe"]) == ["s1"]


def test_g07_a_process_that_ends_well_leaves_nothing(tmp_path: Path) -> None:
    outbox = Outbox(tmp_path, BOTH)
    outbox.checkpoint({"s1": b"ended since"})
    outbox.close()
    assert [path.name for path in tmp_path.iterdir()] == ["lock"]


def test_g07_a_process_that_ends_well_leaves_what_waits_and_no_running_session(tmp_path: Path) -> None:
    outbox = Outbox(tmp_path, BOTH)
    outbox.checkpoint({"s1": b"ended since"})
    outbox.put("s2", b"two")
    outbox.close()
    heir = Outbox(tmp_path, BOTH)
    assert heir.adopt() == 0
    assert names(heir.queues["database"]) == ["s2"]


def test_g07_an_outbox_that_is_full_takes_no_more_until_something_has_left(tmp_path: Path) -> None:
    outbox = Outbox(tmp_path, ["database"], max_bytes=10)
    outbox.put("s1", b"12345678")
    with pytest.raises(OutboxFullError):
        outbox.put("s2", b"12345678")
    outbox.queues["database"].remove(["s1"])
    outbox.put("s2", b"12345678")


def test_g07_what_will_never_arrive_is_put_aside_up_to_a_bound(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MAX_REFUSED", 1)
    outbox = Outbox(tmp_path, ["database"])
    for name in ("s1", "s2"):
        outbox.put(name, b"?")
        outbox.refuse("database", name)
    assert [path.name for path in (tmp_path / "refused").iterdir()] == ["database-s1.json"]
    assert len(outbox.queues["database"]) == 0


def test_g07_a_file_that_somebody_has_removed_is_nobodys_any_more(tmp_path: Path) -> None:
    outbox = Outbox(tmp_path, ["database"])
    outbox.put("s1", b"one")
    (outbox._own / "database" / "s1.json").unlink()
    assert outbox.queues["database"].oldest(9) == []
    assert len(outbox.queues["database"]) == 0


def test_no_name_leads_out_of_the_folder(tmp_path: Path) -> None:
    with pytest.raises(ValueError):
        Outbox(tmp_path, ["database"]).put("../s1", b"one")


def test_nobody_else_can_read_rows(tmp_path: Path) -> None:
    outbox = Outbox(tmp_path / "outbox", ["database"])
    outbox.put("s1", b"one")
    outbox.checkpoint({"s2": b"two"})
    modes = {path.stat().st_mode & 0o077 for path in (tmp_path / "outbox").rglob("*")}
    assert modes == {0}
