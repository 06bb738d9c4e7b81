"""Whether providers and Stripe take the API keys that Secrets hold: a request for each key, from this machine."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

import aiohttp

from parley_cli.checks.probes import PROBES, Outcome, Probe, judged
from parley_cli.checks.secret_values import (
    DEADLINE_S,
    Contents,
    by_credential,
    decoded,
    is_clusters_own,
    key_of_secret,
)
from parley_cli.checks.verdict import Verdict, failing, ok, warning
from parley_operator.kube.objects import Json

_AT_A_TIME = 16
_ENOUGH = 65_536
"""Bytes of an answer that are read."""


@dataclass(frozen=True, slots=True)
class Credential:
    """A key of a Secret, and who is to take it."""

    secret: str
    key: str
    provider: str
    base_url: str
    """Instead of the provider's own address; empty: that."""

    def __str__(self) -> str:
        """As the report names it."""
        return key_of_secret(self.secret, self.key)


def named(bodies: Iterable[Json]) -> dict[Credential, list[str]]:
    """Every key, with the places that name it."""
    return by_credential(found for body in bodies for found in _named(body))


async def tried(uses: Mapping[Credential, list[str]], contents: Contents) -> list[Verdict]:
    """Each key once, side by side."""
    turns = asyncio.Semaphore(_AT_A_TIME)
    # A session of its own: the cluster's carries the user's credentials for the API server.
    async with aiohttp.ClientSession(trust_env=True, headers={"User-Agent": "parley"}) as session:
        asked = (
            _tried(session, turns, credential, contents[credential.secret], where=", ".join(where))
            for credential, where in uses.items()
        )
        return list(await asyncio.gather(*asked))


def _named(body: Json) -> Iterator[tuple[Credential, str]]:
    """Every key of the pipeline and of billing, with the place that names it."""
    if stripe := (body["spec"].get("billing") or {}).get("stripe"):
        ref = stripe["apiKey"]["secretKeyRef"]
        where = f"{body['metadata']['name']} spec.billing.stripe.apiKey"
        yield Credential(ref["name"], ref["key"], "Stripe", ""), where
    for stage, said in body["spec"]["pipeline"].items():
        if stage not in ("stt", "llm", "tts"):
            continue
        at = f"{body['metadata']['name']} spec.pipeline.{stage}"
        places = [(at, said)]
        places += [(f"{at}.fallbacks[{index}]", one) for index, one in enumerate(said.get("fallbacks") or ())]
        for place, one in places:
            if one["provider"] in PROBES:
                for index, source in enumerate(one.get("apiKeys") or ()):
                    ref = source["secretKeyRef"]
                    credential = Credential(ref["name"], ref["key"], one["provider"], one.get("baseURL") or "")
                    yield credential, f"{place}.apiKeys[{index}]"


async def _tried(
    session: aiohttp.ClientSession,
    turns: asyncio.Semaphore,
    credential: Credential,
    data: Mapping[str, str],
    *,
    where: str,
) -> Verdict:
    probe, value = PROBES[credential.provider], decoded(data.get(credential.key))
    if value is None:
        return failing(
            str(credential), f"holds no key ({where})", "put the provider's key there, and nothing else"
        )
    base_url = credential.base_url or probe.endpoint
    host = urlsplit(base_url).hostname or ""
    if is_clusters_own(host):
        said = f"is not tried: {host} is a name of the cluster's own ({where})"
        return warning(str(credential), said, "see what the pods say of this provider")
    url = base_url.rstrip("/") + probe.path
    async with turns:
        return await _asked(session, url, credential, probe.headers(value), where=where)


async def _asked(
    session: aiohttp.ClientSession, url: str, credential: Credential, headers: Mapping[str, str], *, where: str
) -> Verdict:
    limit = aiohttp.ClientTimeout(total=DEADLINE_S)
    try:
        # A redirect is not followed: it would take the key along.
        async with session.get(url, headers=headers, timeout=limit, allow_redirects=False) as response:
            body = await _beginning(response.content)
            return _verdict(credential, PROBES[credential.provider], response.status, body, where=where)
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        said = f"{credential.provider} is not reached from here at {urlsplit(url).netloc}: {_why(error)} ({where})"
        mend = "pods may have another way: see what they say of it; from here, look at proxies and firewalls"
        return warning(str(credential), said, mend)


async def _beginning(content: aiohttp.StreamReader) -> str:
    read = b""
    while len(read) < _ENOUGH and (chunk := await content.read(_ENOUGH)):
        read += chunk
    return read.decode(errors="replace")


def _why(error: Exception) -> str:
    """In words of ours: what a library says may repeat what was sent."""
    match error:
        case aiohttp.ClientConnectorDNSError():
            return "no such name in DNS"
        case aiohttp.ClientConnectorCertificateError() | aiohttp.ClientSSLError():
            return "its certificate is not trusted"
        case TimeoutError():
            return f"no answer within {DEADLINE_S:g} s"
        case aiohttp.ClientConnectorError():
            return "no connection"
        case _:
            return type(error).__name__


def _verdict(credential: Credential, probe: Probe, status: int, body: str, *, where: str) -> Verdict:
    subject, provider = str(credential), credential.provider
    match judged(probe, status, body):
        case Outcome.ACCEPTED:
            return ok(subject, f"{provider} takes it")
        case Outcome.NARROW:
            return ok(subject, f"{provider} knows it, and restricts it: more than that is not told without a call")
        case Outcome.REFUSED:
            place = f"key {credential.key} of Secret {credential.secret}"
            mend = f"make a new key at {provider} and put it into {place}: pods are replaced by themselves"
            return failing(subject, f"{provider} refuses it with status {status} ({where})", mend)
        case Outcome.LIMITED:
            mend = "look at the account's limits and credit there; a second key in apiKeys shares the load"
            return warning(subject, f"{provider} answers with status {status}: at its limit ({where})", mend)
        case Outcome.UNCLEAR:
            mend = "try again later" if status >= 500 else "check baseURL"
            said = f"{provider} answers with status {status}, which tells nothing about the key ({where})"
            return warning(subject, said, mend)
