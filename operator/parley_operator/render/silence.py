"""Deadlines of providers that cannot matter: the longest silence ends the answer before they pass."""

from __future__ import annotations

from collections.abc import Iterator

from parley_contract.turn_taking import TurnTakingConfig
from parley_operator.api import VoiceDeployment
from parley_operator.api.conditions import ConditionType, Reason
from parley_operator.api.durations import seconds
from parley_operator.api.spec import VoiceDeploymentSpec
from parley_operator.render.facts import Facts
from parley_operator.render.rendered import Finding

_DEFAULT_S = float(TurnTakingConfig().longest_silence)
_TOOL_MARGIN_S = 10.0
"""Seconds that the gateway adds to twice the timeout of the slowest tool (docs/turn-taking.md)."""


def deadlines_cut_short(
    resource: VoiceDeployment,
    facts: Facts,  # noqa: ARG001 - a Policy
) -> Iterator[Finding]:
    """No deadline of a provider that an answer waits for is longer than the silence that ends the answer.

    Recognition is not waited for: its deadlines tell whether it is there at all.
    """
    silence_s, why = _silence(resource.spec)
    for path, text in _deadlines(resource.spec):
        if seconds(text) > silence_s:
            message = f"{path} is {text}, but an answer of which nothing was heard is given up before: {why}."
            yield Finding(ConditionType.SETTINGS_HONOURED, Reason.DEADLINE_CUT_SHORT, message)


def _silence(spec: VoiceDeploymentSpec) -> tuple[float, str]:
    """The longest silence of an answer in seconds, and what says so."""
    said = spec.turn_taking.longest_silence if spec.turn_taking else None
    longest_s = seconds(said) if said else _DEFAULT_S
    why = f"turnTaking.longestSilence is {said or f'{_DEFAULT_S:g}s by default'}"
    timeouts = [seconds(tool.timeout) for tool in spec.agent.tools or ()]
    tools_s = 2 * max(timeouts) + _TOOL_MARGIN_S if timeouts else 0.0
    if tools_s > longest_s:
        return tools_s, f"{why}, and the slowest tool may take {tools_s:g}s"
    return longest_s, why


def _deadlines(spec: VoiceDeploymentSpec) -> Iterator[tuple[str, str]]:
    """Those that the spec says of models and voices, by their paths."""
    stages = spec.pipeline.deadlines
    for name, stage in (("llm", stages.llm), ("tts", stages.tts)) if stages else ():
        if stage is None:
            continue
        said = (
            ("connect", stage.connect),
            ("firstByte", stage.first_byte),
            ("betweenBytes", stage.between_bytes),
        )
        yield from ((f"pipeline.deadlines.{name}.{field}", text) for field, text in said if text is not None)
