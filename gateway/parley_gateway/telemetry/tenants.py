"""A bounded number of tenants as labels: a series for each that ever called would fill Prometheus."""

from __future__ import annotations

OTHER = "other"


class Tenants:
    """The first that come have labels of their own; the others share one."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._known: set[str] = set()

    def label(self, tenant: str) -> str:
        """The value of `tenant_id`."""
        if tenant in self._known:
            return tenant
        if len(self._known) >= self._most:
            return OTHER
        self._known.add(tenant)
        return tenant
