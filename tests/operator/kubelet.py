"""A kubelet as far as `kubectl logs` knows it: a node whose kubelet is this process, and the logs of its pods."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

from localcluster import ControlPlane
from localcluster.certificates import Subject, authority, issue
from tests.operator.cluster import Namespace


class Kubelet:
    """Answers GET /containerLogs/NAMESPACE/POD/CONTAINER with lines, and to who follows with more."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.waiting: set[str] = set()
        """Pods whose container has not begun."""
        self._lines: dict[str, list[str]] = {}
        self._changed = asyncio.Condition()

    async def write(self, pod: str, *lines: str) -> None:
        """A container logs."""
        async with self._changed:
            self._lines.setdefault(pod, []).extend(lines)
            self._changed.notify_all()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection of the API server's."""
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        target = head.split(" ", 2)[1]
        self.asked.append(target)
        pod, follows = urlsplit(target).path.split("/")[3], "follow=true" in target
        if pod in self.waiting:
            said = f'container "gateway" in pod "{pod}" is waiting to start: ContainerCreating'.encode()
            writer.write(b"HTTP/1.1 400 Bad Request\r\nContent-Length: %d\r\n\r\n%b" % (len(said), said))
            await writer.drain()
            writer.close()
            return
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n")
        try:
            await self._send(writer, pod, follows=follows)
        except ConnectionError:
            return
        finally:
            writer.close()

    async def _send(self, writer: asyncio.StreamWriter, pod: str, *, follows: bool) -> None:
        sent = 0
        while True:
            lines = self._lines.get(pod, [])[sent:]
            sent += len(lines)
            for line in lines:
                data = f"{line}\n".encode()
                writer.write(b"%x\r\n%b\r\n" % (len(data), data))
            await writer.drain()
            if not follows:
                writer.write(b"0\r\n\r\n")
                await writer.drain()
                return
            async with self._changed:
                await self._changed.wait_for(lambda: len(self._lines.get(pod, [])) > sent)  # noqa: B023


@asynccontextmanager
async def running_kubelet(namespace: Namespace, node: str, plane: ControlPlane) -> AsyncIterator[Kubelet]:
    """A node of that name, whose kubelet is this process, for as long as this lasts."""
    kubelet, folder = Kubelet(), plane.paths.pki
    pair = issue(folder, node, subject=Subject(node, hosts=("127.0.0.1",)), issuer=authority(folder, "ca"))
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(pair.certificate, pair.key)
    server = await asyncio.start_server(kubelet.serve, "127.0.0.1", 0, ssl=context)
    port = server.sockets[0].getsockname()[1]
    nodes = "/api/v1/nodes"
    body = {"apiVersion": "v1", "kind": "Node", "metadata": {"name": node}}
    created = await namespace.client.create(nodes, body, field_manager="test")
    status = {
        "addresses": [{"type": "InternalIP", "address": "127.0.0.1"}],
        "daemonEndpoints": {"kubeletEndpoint": {"Port": port}},
    }
    await namespace.client.merge(f"{nodes}/{node}/status", {"status": status})
    try:
        yield kubelet
    finally:
        await namespace.client.delete(f"{nodes}/{node}", uid=created["metadata"]["uid"])
        server.close()
