"""What the process says about itself to probes and people."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from parley_gateway.conversation.events import FailureKind, Stage
from parley_gateway.session.observer import Latency

_RECENT_S = 60.0
_LIVENESS_LAG_S = 5.0
"""A loop this late serves nobody; kubelet restarts it after several probes in a row."""
_PROOF = {Latency.PARTIAL_ASR: Stage.STT, Latency.FIRST_TOKEN: Stage.LLM, Latency.SYNTHESIS: Stage.TTS}
"""Which stage has just worked when a latency could be measured."""


class Phase(StrEnum):
    """Where the process is in its life."""

    WARMING = "warming"
    SERVING = "serving"
    DRAINING = "draining"


@dataclass(slots=True)
class StageHealth:
    """What is known of one provider."""

    provider: str
    warm: bool = False
    problem: str | None = None
    problem_at: float = 0.0

    def report(self, now: float) -> dict[str, Any]:
        """Status, and the last problem unless the stage has worked since."""
        if self.problem is None:
            return {"provider": self.provider, "status": "ok" if self.warm else "warming"}
        ago = now - self.problem_at
        failing = not self.warm or ago < _RECENT_S
        return {
            "provider": self.provider,
            "status": "failing" if failing else "ok",
            "problem": self.problem,
            "secondsAgo": round(ago, 1),
        }


@dataclass(slots=True)
class Health:
    """The process's own view: phase, stages and event loop."""

    stages: dict[Stage, StageHealth]
    clock: Callable[[], float]
    lag: Callable[[], float]
    draining: bool = False
    details: dict[str, Any] = field(default_factory=dict)
    dependencies: Callable[[], dict[str, dict[str, Any]]] = dict
    """What else is known of stages, and of what the process depends on beside them."""

    @property
    def phase(self) -> Phase:
        """Draining beats all; serving needs every stage to have been warm once, and stays whatever happens then.

        A provider's outage must not take every pod out of service at once: callers are told instead.
        """
        if self.draining:
            return Phase.DRAINING
        return Phase.SERVING if all(stage.warm for stage in self.stages.values()) else Phase.WARMING

    @property
    def alive(self) -> bool:
        """Whether the event loop still does its work."""
        return self.lag() < _LIVENESS_LAG_S

    def warmed(self, stage: Stage) -> None:
        """The stage is ready for its first session."""
        self.stages[stage].warm = True
        self.stages[stage].problem = None

    def failed(self, stage: Stage, problem: str) -> None:
        """The stage did not do its part."""
        self.stages[stage].problem = problem
        self.stages[stage].problem_at = self.clock()

    def provider_failed(self, stage: Stage, kind: FailureKind) -> None:
        """A session saw the stage fail."""
        self.failed(stage, kind.value)

    def latency(self, kind: Latency) -> None:
        """A session measured a span: the stage behind it works."""
        if stage := _PROOF.get(kind):
            self.stages[stage].problem = None

    def report(self, *, sessions: int, connections: int) -> dict[str, Any]:
        """The body of /health."""
        now = self.clock()
        dependencies = {stage.value: health.report(now) for stage, health in self.stages.items()}
        for name, more in self.dependencies().items():
            dependencies[name] = {**dependencies.get(name, {}), **more}
        degraded = any(report["status"] == "failing" for report in dependencies.values())
        return {
            "status": "degraded" if degraded else "ok",
            "phase": self.phase.value,
            **self.details,
            "sessions": sessions,
            "connections": connections,
            "eventLoopLagSeconds": round(self.lag(), 4),
            "dependencies": dependencies,
        }
