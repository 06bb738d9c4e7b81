"""The HTTP server for probes and metrics; it runs on the leader and on those that wait to become it.

kopf's own probe endpoint answers 200 whatever its handlers find, and exists only while kopf runs.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from aiohttp import web

from parley_operator.runtime.health import Health, HealthReport
from parley_operator.runtime.metrics import OperatorMetrics


@asynccontextmanager
async def serve(report: HealthReport, metrics: OperatorMetrics, *, host: str, port: int) -> AsyncIterator[int]:
    """Serve `/healthz`, `/readyz` and `/metrics`; yields the port, which the system chooses where 0 was asked."""

    async def scrape(_: web.Request) -> web.Response:
        return web.Response(body=metrics.render(), content_type="text/plain", charset="utf-8")

    app = web.Application()
    app.add_routes(
        [
            web.get("/healthz", _answer(report.live)),
            web.get("/readyz", _answer(report.ready)),
            web.get("/metrics", scrape),
        ]
    )
    runner = web.AppRunner(app, handle_signals=False, access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    try:
        site = web.TCPSite(runner, host, port)
        await site.start()
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()


def _answer(check: Callable[[], Health]) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    async def handle(_: web.Request) -> web.StreamResponse:
        health = check()
        return web.json_response({"ok": health.ok, **health.checks}, status=200 if health.ok else 503)

    return handle
