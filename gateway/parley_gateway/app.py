"""The routes: client protocols on their paths, and what probes and Prometheus ask for."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Protocol
from urllib.parse import parse_qs

from starlette.applications import Starlette
from starlette.requests import HTTPConnection, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.websockets import WebSocket

from parley_contract.codes import START_DEADLINE_S
from parley_contract.config import GatewayConfig
from parley_contract.protocols import ProtocolConfig
from parley_gateway.access.minting import BODY_BYTES as MINTING_BYTES
from parley_gateway.access.minting import Minting, MintingRefusedError
from parley_gateway.health import Health, Phase
from parley_gateway.metrics import Metrics
from parley_gateway.protocols.endpoint import Connection, Endpoint, Handshake, Refusal, Webhook
from parley_gateway.protocols.registry import create_endpoint
from parley_gateway.sessions import RECONNECT_AFTER_S, Sessions, draining_refusal
from parley_gateway.websocket import ClientSocket

_EXPOSITION = "text/plain; version=0.0.4; charset=utf-8"
_WEBHOOK_BYTES = 256 * 1024
_FORM_BYTES = 64 * 1024
_BODY_S = 5.0
_UNCACHED = {"Cache-Control": "no-store"}


class BodyError(Exception):
    """A body that is not read to its end; with the HTTP status, and what to do."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


class SignedWebhook(Protocol):
    """Where somebody else's server tells something."""

    @property
    def path(self) -> str:
        """Of the POST."""
        ...

    async def receive(self, body: bytes, signature: str | None) -> int:
        """The status of the answer; bounded in time."""
        ...


class App:
    """Everything that one process serves over HTTP and WebSocket."""

    def __init__(
        self,
        config: GatewayConfig,
        *,
        sessions: Sessions,
        health: Health,
        metrics: Metrics,
        minting: Minting | None = None,
        webhook: SignedWebhook | None = None,
    ) -> None:
        """Raises OSError or ValueError where a protocol lacks what it is configured to use."""
        self._config = config
        self._sessions = sessions
        self._health = health
        self._metrics = metrics
        self._minting = minting
        self._webhook = webhook
        self._connections: set[Connection] = set()
        self._endpoints = [(self._endpoint(protocol), protocol.paths) for protocol in config.protocols]

    def routes(self) -> Starlette:
        """The ASGI application."""
        aliases = self._config.observability.aliases
        probes: list[tuple[list[str], Callable[[Request], Awaitable[Response]]]] = [
            (["/health", *aliases.health], self._on_health),
            (["/readiness", *aliases.readiness], self._on_readiness),
            (["/liveness", *aliases.liveness], self._on_liveness),
            (["/metrics", *aliases.metrics], self._on_metrics),
            (["/metrics/summary"], self._on_summary),
        ]
        routes: list[BaseRoute] = [Route(path, endpoint) for paths, endpoint in probes for path in paths]
        if self._minting is not None:
            path = self._minting.path
            routes.append(Route(path, self._on_minting, methods=["POST"]))
        if self._webhook is not None:
            routes.append(Route(self._webhook.path, self._on_webhook, methods=["POST"]))
        for endpoint, paths in self._endpoints:
            for path in paths:
                routes += self._routes_of(endpoint, path)
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

    async def _on_summary(self, _: Request) -> Response:
        return JSONResponse(self._metrics.summary())

    # --- client secrets ---

    async def _on_minting(self, request: Request) -> Response:
        """Answers a server that has an API key; nothing of it is kept by caches."""
        if self._minting is None:
            raise RuntimeError("no client secrets are minted here")
        try:
            body = await _body(request, most=MINTING_BYTES)
            minted = self._minting.mint(request.headers.get("authorization", ""), body)
        except (BodyError, MintingRefusedError) as refused:
            return JSONResponse({"error": refused.message}, status_code=refused.status, headers=_UNCACHED)
        content = {"client_secret": {"value": minted.value, "expires_at": int(minted.expires_at)}}
        return JSONResponse(content, status_code=201, headers=_UNCACHED)

    # --- who is billed ---

    async def _on_webhook(self, request: Request) -> Response:
        """A message of Stripe, which looks at the status alone."""
        if self._webhook is None:
            raise RuntimeError("no webhooks are taken here")
        try:
            body = await _body(request, most=_WEBHOOK_BYTES)
        except BodyError as refused:
            return Response(status_code=refused.status)
        status = await self._webhook.receive(body, request.headers.get("stripe-signature"))
        return Response(status_code=status)

    # --- clients ---

    def _endpoint(self, protocol: ProtocolConfig) -> Endpoint:
        return create_endpoint(
            protocol,
            self._sessions,
            limits=self._config.limits,
            clock=time.monotonic,
            observer=self._metrics,
        )

    def _routes_of(self, endpoint: Endpoint, path: str) -> list[BaseRoute]:
        async def on_websocket(websocket: WebSocket) -> None:
            await self._on_websocket(websocket, endpoint)

        routes: list[BaseRoute] = [WebSocketRoute(path, on_websocket), Route(path, _upgrade_required(endpoint))]
        for rest, webhook in endpoint.webhooks.items():
            routes.append(Route(path + rest, self._posted_to(webhook), methods=["POST"]))
        return routes

    async def _on_websocket(self, websocket: WebSocket, endpoint: Endpoint) -> None:
        handshake = _handshake(websocket)
        refusal = self._full() or endpoint.refusal(handshake)
        if refusal is not None:
            await websocket.send_denial_response(self._refused(refusal))
            return
        await websocket.accept(subprotocol=endpoint.subprotocol if handshake.subprotocols else None)
        await self._serve(websocket, endpoint, handshake)

    def _full(self) -> Refusal | None:
        """Why no handshake is completed now, if none is."""
        if self._health.draining:
            return Refusal("draining", 503, "this server is going away; connect again")
        if len(self._connections) >= self._config.limits.connections_per_pod:
            return Refusal("connections", 503, "this server has no connection left; connect again in a while")
        return None

    def _refused(self, refusal: Refusal) -> Response:
        self._metrics.refused.labels(refusal.reason).inc()
        headers = {"Retry-After": f"{RECONNECT_AFTER_S:.0f}"} if refusal.status == 503 else {}
        return JSONResponse({"error": refusal.message}, status_code=refusal.status, headers=headers)

    async def _serve(self, websocket: WebSocket, endpoint: Endpoint, handshake: Handshake) -> None:
        socket = ClientSocket(websocket)
        connection = endpoint.connect(socket, handshake)
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

    # --- webhooks ---

    def _posted_to(self, webhook: Webhook) -> Callable[[Request], Awaitable[Response]]:
        async def on_post(request: Request) -> Response:
            try:
                body = await _body(request, most=_FORM_BYTES)
            except BodyError as refused:
                return self._refused(Refusal("webhook", refused.status, refused.message))
            form = parse_qs(body.decode(errors="replace"), keep_blank_values=True)
            answer = webhook(_handshake(request), form)
            if isinstance(answer, Refusal):
                return self._refused(answer)
            return Response(answer.body, answer.status, media_type=answer.media_type)

        return on_post


def _handshake(request: HTTPConnection) -> Handshake:
    return Handshake(
        url=str(request.url),
        path=request.scope["path"],
        headers=request.headers,
        subprotocols=tuple(request.scope.get("subprotocols", ())),
    )


async def _body(request: Request, *, most: int) -> bytes:
    """What was posted. Raises BodyError where it is too much, or comes too slowly."""
    body = bytearray()
    try:
        async with asyncio.timeout(_BODY_S):
            async for part in request.stream():
                body += part
                if len(body) > most:
                    raise BodyError(413, f"a body of at most {most} bytes is taken")
    except TimeoutError:
        raise BodyError(408, f"the body did not come within {_BODY_S:.0f} s") from None
    return bytes(body)


def _upgrade_required(endpoint: Endpoint) -> Callable[[Request], Awaitable[Response]]:
    detail = f", subprotocol {endpoint.subprotocol}" if endpoint.subprotocol else ""

    async def on_request(_: Request) -> Response:
        return JSONResponse(
            {"error": f"connect with a WebSocket client{detail}"},
            status_code=426,
            headers={"Upgrade": "websocket", "Connection": "Upgrade"},
        )

    return on_request
