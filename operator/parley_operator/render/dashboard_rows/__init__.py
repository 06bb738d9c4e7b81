"""What the dashboard shows: rows that a person keeps open, from what callers notice down to what causes it."""

from __future__ import annotations

from parley_operator.render.dashboard_rows import (
    cost,
    glance,
    heard,
    latency,
    promises,
    providers,
    saturation,
    sessions,
)

ROWS = tuple(part.ROW for part in (glance, sessions, heard, latency, promises, providers, cost, saturation))
