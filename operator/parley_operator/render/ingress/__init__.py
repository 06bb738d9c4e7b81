"""The Ingress, in the dialect of each controller."""

from parley_operator.render.ingress.common import Exposure, exposure, tls_secret_name
from parley_operator.render.ingress.dialects import ingress_dialect
from parley_operator.render.ingress.manifest import ingress

__all__ = ["Exposure", "exposure", "ingress", "ingress_dialect", "tls_secret_name"]
