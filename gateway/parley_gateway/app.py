"""The routes: client protocols on their paths, and what probes and Prometheus ask for."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.websockets import WebSocket

from parley_contract.config import GatewayConfig
from parley_contract.native import START_DEADLINE_S, SUBPROTOCOL
from parley_gateway.auth import presented_token
from parley_gateway.health import Health, Phase
from parley_gateway.metrics import Metrics
from parley_gateway.protocols.admission import RefusedError
from parley_gateway.protocols.native import NativeConnection
from parley_gateway.sessions import RECONNECT_AFTER_S, Sessions, draining_refusal
from parley_gateway.websocket import QueuedSocket

_EXPOSITION = "text/plain; version=0.0.4; charset=utf-8"


class App:
    """Everything that one process serves over HTTP and WebSocket."""

    def __init__(self, config: GatewayConfig, *, sessions: Sessions, health: Health, metrics: Metrics) -> None:
        self._config = config
        self._sessions = sessions
        self._health = health
        self._metrics = metrics
        self._connections: set[NativeConnection] = set()

    def routes(self) -> Starlette:
        """The ASGI application."""
        probes: dict[str, Callable[[Request], Awaitable[Response]]] = {
            "/health": self._on_health,
            "/readiness": self._on_readiness,
            "/liveness": self._on_liveness,
            "/metrics": self._on_metrics,
        }
        routes: list[BaseRoute] = [Route(path, endpoint) for path, endpoint in probes.items()]
        for path in (path for protocol in self._config.protocols for path in protocol.paths):
            routes += [WebSocketRoute(path, self._on_websocket), Route(path, _upgrade_required)]
        return Starlette(routes=routes)

    def drain(self) -> None:
        """Not ready any more; clients without a session are sent away, those with one are told by it."""
        self._health.draining = True
        for connection in list(self._connections):
            connection.refuse(draining_refusal())

    # --- probes ---

    async def _on_health(self, _: Request) -> Response:
        report = self._health.report(sessions=len(self._sessions), connections=len(self._connections))
        return JSONResponse(report)

    async def _on_readiness(self, _: Request) -> Response:
        phase = self._health.phase
        waiting = [stage for stage, health in self._health.stages.items() if not health.warm]
        body = {"phase": phase.value, **({"waitingFor": waiting} if phase is Phase.WARMING else {})}
        return JSONResponse(body, status_code=200 if phase is Phase.SERVING else 503)

    async def _on_liveness(self, _: Request) -> Response:
        alive = self._health.alive
        return JSONResponse({"alive": alive}, status_code=200 if alive else 503)

    async def _on_metrics(self, _: Request) -> Response:
        return Response(self._metrics.exposition(), media_type=_EXPOSITION)

    # --- clients ---

    async def _on_websocket(self, websocket: WebSocket) -> None:
        if (refusal := self._refusal(websocket)) is not None:
            await websocket.send_denial_response(refusal)
            return
        offered = websocket.scope["subprotocols"]
        await websocket.accept(subprotocol=SUBPROTOCOL if offered else None)
        await self._serve(websocket, offered)

    def _refusal(self, websocket: WebSocket) -> Response | None:
        """Why this handshake is not completed, if it is not."""
        offered = websocket.scope["subprotocols"]
        if self._health.draining:
            return self._refused("draining", 503, "this server is going away; connect again")
        if len(self._connections) >= self._config.limits.connections_per_pod:
            return self._refused(
                "connections", 503, "this server has no connection left; connect again in a while"
            )
        if offered and SUBPROTOCOL not in offered:
            return self._refused("subprotocol", 400, f"this path speaks the WebSocket subprotocol {SUBPROTOCOL}")
        return None

    def _refused(self, reason: str, status: int, message: str) -> Response:
        self._metrics.refused.labels(reason).inc()
        headers = {"Retry-After": f"{RECONNECT_AFTER_S:.0f}"} if status == 503 else {}
        return JSONResponse({"error": message}, status_code=status, headers=headers)

    async def _serve(self, websocket: WebSocket, offered: list[str]) -> None:
        socket = QueuedSocket(websocket)
        connection = self._connect(socket, websocket, offered)
        deadline = asyncio.get_running_loop().call_later(START_DEADLINE_S, connection.on_start_deadline)
        self._connections.add(connection)
        self._metrics.connections.inc()
        try:
            code = await socket.serve(connection)
        finally:
            deadline.cancel()
            self._connections.discard(connection)
            self._metrics.connections.dec()
        self._metrics.closes.labels(str(code)).inc()

    def _connect(self, socket: QueuedSocket, websocket: WebSocket, offered: list[str]) -> NativeConnection:
        """The protocol's side of a socket; one whose token cannot be read is already on its way out."""
        refused: RefusedError | None = None
        token: str | None = None
        try:
            token = presented_token(websocket.headers, offered)
        except RefusedError as error:
            refused = error
        connection = NativeConnection(
            socket,
            self._sessions,
            limits=self._config.limits,
            clock=time.monotonic,
            observer=self._metrics,
            token=token,
        )
        if refused:
            connection.refuse(refused)
        return connection


async def _upgrade_required(_: Request) -> Response:
    return JSONResponse(
        {"error": f"connect with a WebSocket client, subprotocol {SUBPROTOCOL}"},
        status_code=426,
        headers={"Upgrade": "websocket", "Connection": "Upgrade"},
    )
