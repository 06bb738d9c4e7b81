"""The Ingress, in the dialect of each controller."""

from parley_operator.render.ingress.advice import unacknowledged
from parley_operator.render.ingress.canary import unshareable
from parley_operator.render.ingress.dialects import told
from parley_operator.render.ingress.exposure import Exposure, exposure, tls_secret_name
from parley_operator.render.ingress.manifest import ingresses

__all__ = ["Exposure", "exposure", "ingresses", "tls_secret_name", "told", "unacknowledged", "unshareable"]
