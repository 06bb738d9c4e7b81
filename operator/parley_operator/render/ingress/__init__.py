"""The Ingress, in the dialect of each controller."""

from parley_operator.render.ingress.advice import unacknowledged
from parley_operator.render.ingress.canary import unshareable
from parley_operator.render.ingress.dialects import told
from parley_operator.render.ingress.exposure import Exposure, exposure
from parley_operator.render.ingress.manifest import ingresses

__all__ = ["Exposure", "exposure", "ingresses", "told", "unacknowledged", "unshareable"]
