"""What is said of a canary: in status.canary, and in Progressing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from parley_operator.api.conditions import Reason
from parley_operator.kube.client import Json
from parley_operator.pod_trouble import Trouble, first_trouble
from parley_operator.render.names import child_name
from parley_operator.render.track import CANARY
from parley_operator.rollout_state import is_stuck
from parley_operator.verdict import Verdict


@dataclass(frozen=True)
class Trial:
    """A canary as it is now."""

    revision: str
    """The one that is tried."""
    serving: str
    """The one that gets all other connections."""
    share: int
    """Percent of new connections that it gets now."""
    deployment: Json | None
    """The view of its Deployment."""
    pods: Mapping[str, Json]
    """Of the resource, by name."""
    name: str
    """The resource's."""
    namespace: str
    advice: str
    """Where it does not become ready."""

    @property
    def is_stuck(self) -> bool:
        """Whether its pods have taken longer to become ready than they may."""
        return self.deployment is not None and is_stuck(self.deployment)

    @property
    def trouble(self) -> Trouble | None:
        """What keeps its pods from serving."""
        prefix = f"{child_name(self.name, CANARY.suffix)}-"
        pods = ((name, view) for name, view in self.pods.items() if name.startswith(prefix))
        return first_trouble(pods, namespace=self.namespace)

    @property
    def ready(self) -> int:
        """Its pods that take new sessions."""
        return int((self.deployment or {}).get("readyReplicas", 0))

    @property
    def updated(self) -> int:
        """Its pods that have the revision that is tried."""
        return int((self.deployment or {}).get("updatedReplicas", 0))


def canary_status(trial: Trial, *, previous: Json, now: str) -> Json:
    """For status.canary; `now` is a timestamp for a revision that is tried for the first time."""
    known = previous.get("canary") or {}
    since = known["since"] if known.get("revision") == trial.revision else now
    return {
        "revision": trial.revision,
        "weightPercent": trial.share,
        "readyReplicas": trial.ready,
        "since": since,
    }


def trial_verdict(trial: Trial) -> Verdict:
    """For Progressing: how far the trial is, and how it ends."""
    if trial.trouble:
        return Verdict("False" if trial.is_stuck else "True", *trial.trouble)
    if trial.is_stuck:
        return Verdict("False", Reason.ROLLOUT_STUCK, f"The canary waits. {trial.advice}")
    if not trial.share:
        return Verdict("True", Reason.ROLLING_OUT, "No pod of the canary is ready yet: it gets no connections.")
    said = (
        f"Revision {trial.revision} gets {trial.share} % of new connections ({trial.ready} pods ready), revision "
        f"{trial.serving} all others."
    )
    return Verdict("True", Reason.CANARY_RUNNING, f"{said} {Reason.CANARY_RUNNING.advice}")
