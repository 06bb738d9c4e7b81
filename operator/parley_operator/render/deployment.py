"""The Deployment of the gateway."""

from __future__ import annotations

import math

from parley_operator.api import VoiceDeployment
from parley_operator.api.durations import seconds
from parley_operator.render.facts import Facts
from parley_operator.render.labels import metadata, selector_labels
from parley_operator.render.names import child_name
from parley_operator.render.pod import pod_template
from parley_operator.render.rendered import Manifest
from parley_operator.render.track import MAIN, Track

REVISIONS_KEPT = 5


def deployment(resource: VoiceDeployment, facts: Facts, *, track: Track = MAIN) -> Manifest:
    """The Deployment: one pod at a time, and none goes before its successor is ready.

    It never says `replicas`: they belong to a field manager of their own, see `scale`.
    """
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": metadata(resource, child_name(resource.metadata.name, track.suffix), track=track),
        "spec": {
            "selector": {"matchLabels": selector_labels(resource, track=track)},
            "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 0, "maxSurge": 1}},
            "progressDeadlineSeconds": math.ceil(seconds(resource.spec.rollout.progress_deadline)),
            "revisionHistoryLimit": REVISIONS_KEPT,
            "template": pod_template(resource, facts, track=track),
        },
    }
