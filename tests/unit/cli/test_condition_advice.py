"""What the CLI advises on a condition: its own command where it has one, else the operator's words."""

from __future__ import annotations

from parley_cli.condition_advice import advice, message
from parley_operator.api.conditions import Reason


def test_o07_a_suspension_is_ended_by_a_command() -> None:
    said = advice("Suspended", "receptionist", namespace="voice")
    assert said == "`parley -n voice resume receptionist` answers again."
    ready = {"type": "Ready", "reason": "Suspended", "message": f"Scaled to zero. {Reason.SUSPENDED.advice}"}
    assert message(ready) == "Scaled to zero."


def test_o12_commands_in_it_can_be_run_as_they_stand() -> None:
    said = advice("NoPodReady", "1st.floor", namespace="voice")
    assert said.startswith("look at its pods: kubectl -n voice describe pods -l parley.dev/name=vd-1st-floor-")


def test_o12_of_every_other_condition_the_operators_words_stay() -> None:
    assert advice("SecretNotFound", "receptionist", namespace="voice") == Reason.SECRET_NOT_FOUND.advice
    assert advice("OfALaterRelease", "receptionist", namespace="voice") == ""
    said = f"No address yet. {Reason.ADDRESS_PENDING.advice}"
    assert message({"type": "Exposed", "reason": "AddressPending", "message": said}) == said
