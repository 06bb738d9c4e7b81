"""When the sample counts as ready, and what is told meanwhile."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from parley_client.conversation import Turn
from quickstart import farewell, sample
from quickstart.commands import StepError
from quickstart.line import Line
from quickstart.walk import RECORDINGS, report


def resource(*, status: str = "True", generation: int = 2, observed: int = 2) -> dict[str, Any]:
    ready = {
        "type": "Ready",
        "status": status,
        "reason": "Serving",
        "message": "1/1",
        "observedGeneration": observed,
    }
    return {"metadata": {"generation": generation}, "status": {"conditions": [ready]}}


def test_ready_counts_for_the_present_generation_alone() -> None:
    assert sample.is_ready(resource())
    assert not sample.is_ready(resource(status="False"))
    assert not sample.is_ready(resource(observed=1))
    assert not sample.is_ready({"metadata": {"generation": 1}})


def test_a_person_is_told_the_reason() -> None:
    assert sample.summary(resource()) == "Serving: 1/1"
    assert "not looked at it" in sample.summary({})
    assert sample.conditions({})


def test_the_host_is_the_samples() -> None:
    assert yaml.safe_load(sample.FILE.read_text())["spec"]["endpoint"]["hosts"] == [sample.host()]


def test_a_conversation_in_which_nothing_was_understood_is_a_failure() -> None:
    understood = Turn(heard={1: "go"}, answer="All right.", pcm=bytearray(b"\0\0"))
    with pytest.raises(StepError, match="not understood"):
        report([understood, Turn()])
    report([Turn(answer="Hello."), *[understood] * len(RECORDINGS)])


def test_the_token_is_kept_for_its_owner_alone(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(farewell, "ROOT", tmp_path)
    monkeypatch.setattr(farewell, "FOLDER", tmp_path / "build")
    line = Line("wss://voice.localhost/v1/voice", "secret-token", "PEM", ("127.0.0.1", 8443))
    text = farewell.farewell(line, shell="")
    assert "secret-token" not in text + repr(line)
    assert "--connect 127.0.0.1:8443" in text
    assert (tmp_path / "build" / "token").stat().st_mode & 0o077 == 0
    farewell.forget()
    assert not (tmp_path / "build").exists()
