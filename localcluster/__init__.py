"""A real Kubernetes on one machine, without Docker.

`ControlPlane` is the API for tests; `python3 -m localcluster` is the command.
"""

from localcluster.control_plane import AUDIT_METADATA, ControlPlane
from localcluster.errors import ClusterError

__all__ = ["AUDIT_METADATA", "ClusterError", "ControlPlane"]
