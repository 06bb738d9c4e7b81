"""Whether a change is tried as a canary, and what serves meanwhile.

Nothing is remembered but what the status says anyway: the revision whose pods were last all ready serves, and the
spec's own is tried, for as long as the two would have different pods. Promotion and giving up are therefore edits
of the spec, which a GitOps tool may make; the annotation of `parley promote` stands beside the spec, where such a
tool leaves it alone, and names the revision, so that it says nothing of the next change.
"""

from __future__ import annotations

from parley_operator.api import VoiceDeployment
from parley_operator.kube.client import Client, Json
from parley_operator.render.canary import has_same_pods, wanted_share
from parley_operator.render.revision import revision_name
from parley_operator.resources import PROMOTED_ANNOTATION
from parley_operator.revisions import at_revision


async def serving_beside(client: Client, body: Json, resource: VoiceDeployment) -> VoiceDeployment | None:
    """The resource with the spec that serves while its own is tried; None where nothing is to be tried.

    Raises KubeError where the revision that serves cannot be read.
    """
    good, asked = resource.status.current_revision, revision_name(resource)
    is_promoted = resource.metadata.annotations.get(PROMOTED_ANNOTATION) == asked
    if wanted_share(resource) is None or is_promoted or good is None or good == asked:
        return None
    main = await at_revision(client, body, resource, good)
    if main is None or has_same_pods(main, resource):
        return None
    return main
