"""Where a gateway connects to, as far as its spec says: providers, tools, keys of issuers, databases, proxies."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from parley_operator.api import VoiceDeployment
from parley_operator.api.pipeline import PipelineSpec
from parley_operator.api.references import SecretSource
from parley_operator.api.stage import Stage
from parley_operator.api.tools import ToolSpec
from parley_operator.render.addresses import Address, addresses
from parley_operator.render.facts import Facts
from parley_operator.render.references import Presence, ValueId

PROXY_VARIABLES = frozenset({"HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "WS_PROXY", "WSS_PROXY"})


@dataclass(frozen=True)
class Destination:
    """One place in a spec that makes the gateway connect somewhere."""

    path: str
    """Where the spec says so, for messages."""
    addresses: tuple[Address, ...]
    """Where it leads; empty where that cannot be read."""


def destinations(resource: VoiceDeployment, facts: Facts) -> list[Destination]:
    """All but the providers' own addresses, which are public HTTPS, and worker pools, which have labels."""
    return [
        *(Destination(path, addresses(url)) for path, url in _urls(resource)),
        *_in_secrets(resource, facts),
        *_proxies(resource),
    ]


def named_hosts(resource: VoiceDeployment) -> set[str]:
    """The hosts of all URLs that the spec itself gives."""
    return {address.host for _, url in _urls(resource) for address in addresses(url)}


def secret_urls(resource: VoiceDeployment) -> dict[str, SecretSource]:
    """Secrets that hold URLs to connect to, by their paths."""
    spec = resource.spec
    found = {}
    if spec.sessions:
        found["spec.sessions.redis.url"] = spec.sessions.redis.url
    if spec.records:
        found["spec.records.postgres.url"] = spec.records.postgres.url
    return found


def target(source: SecretSource) -> ValueId:
    """Which value of which Secret it is."""
    return ValueId("Secret", source.secret_key_ref.name, source.secret_key_ref.key)


def _urls(resource: VoiceDeployment) -> Iterator[tuple[str, str]]:
    spec = resource.spec
    yield from _stages(spec.pipeline)
    for index, tool in enumerate(spec.agent.tools or ()):
        yield from _tool(f"spec.agent.tools[{index}]", tool)
    for index, issuer in enumerate((spec.auth.jwt if spec.auth else None) or ()):
        if issuer.jwks_uri:
            yield f"spec.auth.jwt[{index}].jwksURI", issuer.jwks_uri
    traces = spec.observability.traces if spec.observability else None
    if traces:
        yield "spec.observability.traces.endpoint", traces.endpoint


def _stages(pipeline: PipelineSpec) -> Iterator[tuple[str, str]]:
    for name, first in (("stt", pipeline.stt), ("llm", pipeline.llm), ("tts", pipeline.tts)):
        path = f"spec.pipeline.{name}"
        stages: dict[str, Stage] = {path: first}
        stages |= {f"{path}.fallbacks[{index}]": other for index, other in enumerate(first.fallbacks or ())}
        for at, stage in stages.items():
            if stage.base_url:
                yield f"{at}.baseURL", stage.base_url


def _tool(path: str, tool: ToolSpec) -> Iterator[tuple[str, str]]:
    if tool.http:
        yield f"{path}.http.url", tool.http.url
    if tool.mcp:
        yield f"{path}.mcp.url", tool.mcp.url


def _in_secrets(resource: VoiceDeployment, facts: Facts) -> Iterator[Destination]:
    """Of values that are there: one that is missing is told elsewhere."""
    for path, source in secret_urls(resource).items():
        value = facts.values.get(target(source))
        if value is not None and value.presence is Presence.PRESENT:
            yield Destination(path, facts.addresses.get(target(source), ()))


def _proxies(resource: VoiceDeployment) -> Iterator[Destination]:
    pod = resource.spec.pod
    proxy = pod.proxy if pod else None
    for name, url in (("httpProxy", proxy.http_proxy), ("httpsProxy", proxy.https_proxy)) if proxy else ():
        if url:
            yield Destination(f"spec.pod.proxy.{name}", addresses(url))
    for index, variable in enumerate((pod.env if pod else None) or ()):
        if variable.name.upper() in PROXY_VARIABLES:
            url = variable.value or ""
            yield Destination(f"spec.pod.env[{index}]", addresses(url if "://" in url else f"http://{url}"))
