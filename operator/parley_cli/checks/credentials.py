"""Whether the credentials of resources are taken: each is read from its Secret and tried from here, once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from parley_cli.checks.keys import named, tried
from parley_cli.checks.secret_values import key_of_secret, read
from parley_cli.checks.stores import stores, stores_tried
from parley_cli.checks.verdict import Verdict, warning
from parley_cli.cluster import Cluster
from parley_operator.kube.objects import Json


async def credentials(cluster: Cluster, bodies: list[Json]) -> list[Verdict]:
    """Keys of providers and of Stripe, addresses of Redis and PostgreSQL; and what nobody can be asked about."""
    keys, addresses = named(bodies), stores(bodies)
    secrets = {one.secret for one in keys} | {one.secret for one in addresses}
    contents, unreadable = await read(cluster, secrets)
    return [
        *unreadable,
        *await tried({one: at for one, at in keys.items() if one.secret in contents}, contents),
        *await stores_tried({one: at for one, at in addresses.items() if one.secret in contents}, contents),
        *untried(bodies),
    ]


def untried(bodies: Iterable[Json]) -> Iterator[Verdict]:
    """Of these no request tells: Twilio's takes the account's SID beside the token, which no spec has."""
    for body in bodies:
        for index, protocol in enumerate((body["spec"].get("endpoint") or {}).get("protocols") or ()):
            source = (protocol.get("twilio") or {}).get("authToken")
            if source:
                ref = source["secretKeyRef"]
                where = f"{body['metadata']['name']} spec.endpoint.protocols[{index}].twilio.authToken"
                yield warning(
                    key_of_secret(ref["name"], ref["key"]),
                    f"is not tried: Twilio tells nothing of a token without its account's SID ({where})",
                    "call the number: with another token the call is refused, and Twilio's debugger has 403",
                )
