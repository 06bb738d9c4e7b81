"""The scalar types of the resource: bounded strings that say in words what they want."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import Field, GetCoreSchemaHandler, GetJsonSchemaHandler, WithJsonSchema
from pydantic.functional_validators import AfterValidator
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema

from parley_operator.api.quantities import QUANTITY_PATTERN, parse_quantity


@dataclass(frozen=True)
class Shape:
    """A bound on a string: a regular expression for machines, and words for people."""

    pattern: str
    wants: str
    max_length: int

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Checks after the string itself was read."""
        return core_schema.no_info_after_validator_function(self._check, handler(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        """Says pattern and length to the API server."""
        return handler(schema) | {"pattern": self.pattern, "maxLength": self.max_length}

    def _check(self, text: str) -> str:
        if len(text) > self.max_length:
            raise ValueError(f"must have at most {self.max_length} characters")
        if not re.search(self.pattern, text):
            raise ValueError(f"must be {self.wants}")
        return text


_LABEL = "[a-z0-9]([-a-z0-9]*[a-z0-9])?"

Duration = Annotated[
    str, Shape(r"^([0-9]{1,5}(h|m|s|ms)){1,4}$", "a duration such as 500ms, 30s, 5m or 1h30m", max_length=28)
]
"""A length of time as Kubernetes and CEL write it. `durations.seconds` reads it."""

Host = Annotated[
    str,
    Shape(
        rf"^{_LABEL}(\.{_LABEL})+$",
        "a DNS name in lower case with at least one dot, such as voice.example.com",
        max_length=253,
    ),
]

ObjectName = Annotated[
    str, Shape(rf"^{_LABEL}(\.{_LABEL})*$", "the name of a Kubernetes object, in lower case", max_length=253)
]

DataKey = Annotated[
    str,
    Shape(
        r"^[-._a-zA-Z0-9]+$", "a key of a Secret or ConfigMap: letters, digits, '-', '_' and '.'", max_length=253
    ),
]

UrlPath = Annotated[
    str,
    Shape(
        r"^/([A-Za-z0-9_~-]+([.][A-Za-z0-9_~-]+)*/?)*$",
        "a path that begins with '/', of letters, digits, '-', '_', '~' and single dots, such as /v1/voice",
        max_length=128,
    ),
]

BaseUrl = Annotated[
    str,
    Shape(r"^https?://[^\s?#@]+$", "an http:// or https:// URL without user, query or fragment", max_length=512),
]

ModelName = Annotated[
    str,
    Shape(r"^[A-Za-z0-9][A-Za-z0-9._:/@-]*$", "the provider's name of a model, without spaces", max_length=128),
]

ModelFamily = Annotated[
    str,
    Shape(
        r"^[A-Za-z0-9][A-Za-z0-9._:/@-]*[*]?$",
        "a model's name, or its beginning and *, such as gpt-4.1*",
        max_length=128,
    ),
]

VoiceName = Annotated[
    str, Shape(r"^[A-Za-z0-9][A-Za-z0-9 ._:/+-]*$", "the provider's name of a voice", max_length=128)
]

Release = Annotated[
    str,
    Shape(
        r"^[0-9]+\.[0-9]+(\.[0-9]+)?([-.][A-Za-z0-9]+)*$",
        'a release in quotes, such as "0.1"',
        max_length=64,
    ),
]

LanguageTag = Annotated[
    str, Shape(r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$", "a language tag such as en, en-US or pt-BR", max_length=35)
]

Keyterm = Annotated[str, Shape(r"\S", "a word or a short phrase", max_length=100)]

PoolName = Annotated[
    str,
    Shape(
        r"^[a-z]([-a-z0-9]*[a-z0-9])?$",
        "a name of lower case letters, digits and '-' that begins with a letter",
        max_length=30,
    ),
]

ImageName = Annotated[
    str,
    Shape(
        r"^[a-z0-9][a-zA-Z0-9._:/@-]*$",
        "the name of an image, such as ghcr.io/example/piper:1.2",
        max_length=512,
    ),
]

MountPath = Annotated[
    str,
    Shape(
        r"^(/[A-Za-z0-9_-][A-Za-z0-9._-]*)+$",
        "an absolute path of letters, digits, '-', '_' and '.', such as /models",
        max_length=128,
    ),
]

MetricName = Annotated[
    str, Shape(r"^[A-Za-z_:][A-Za-z0-9_:.-]*$", "the name of a metric, such as requests_running", max_length=128)
]

QualifiedName = Annotated[
    str,
    Shape(
        r"^([a-z0-9]([-a-z0-9.]*[a-z0-9])?/)?[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$",
        "a label key such as app or example.com/app",
        max_length=316,
    ),
]

LabelValue = Annotated[
    str,
    Shape(
        r"^([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)?$",
        "a label value: letters, digits, '-', '_' and '.', at most 63",
        max_length=63,
    ),
]

AnnotationValue = Annotated[str, Shape(r"", "text", max_length=8192)]

EnvironmentName = Annotated[
    str,
    Shape(r"^[A-Za-z_][A-Za-z0-9_]*$", "an environment variable's name: letters, digits and '_'", max_length=128),
]

ToolName = Annotated[str, Shape(r"^[a-zA-Z0-9_-]+$", "a tool's name: letters, digits, '_' and '-'", max_length=64)]

HeaderName = Annotated[str, Shape(r"^[A-Za-z0-9-]+$", "the name of an HTTP header", max_length=128)]

MeterName = Annotated[
    str, Shape(r"^[A-Za-z0-9_.-]+$", "a meter's event name: letters, digits, '_', '.' and '-'", max_length=100)
]

Issuer = Annotated[str, Shape(r"^\S+$", "a name or a URL without spaces", max_length=512)]

ClaimName = Annotated[str, Shape(r"^\S+$", "the name of a claim, without spaces", max_length=128)]

Tenant = Annotated[str, Shape(r"^[A-Za-z0-9][A-Za-z0-9._-]*$", "a short name without spaces", max_length=128)]

Origin = Annotated[
    str,
    Shape(
        r"^https?://([*][.])?[A-Za-z0-9.-]+(:[0-9]{1,5})?$",
        "an origin such as https://example.com or https://*.example.com, without a path",
        max_length=300,
    ),
]

RunbookUrl = Annotated[
    str,
    Shape(
        r"^https?://[^\s]*[{]alert[}][^\s]*$",
        "a URL with {alert} where the alert's name goes, such as https://wiki.example.com/voice#{alert}",
        max_length=512,
    ),
]

PublicUrl = Annotated[
    str, Shape(r"^https://[A-Za-z0-9.-]+(:[0-9]{1,5})?$", "https:// and a host, without a path", max_length=300)
]

ProxyUrl = Annotated[
    str,
    Shape(
        r"^https?://([A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?/?$",
        "http:// or https://, a host and a port, without user or password, such as http://proxy.example.com:3128",
        max_length=300,
    ),
]

HostSuffix = Annotated[
    str,
    Shape(
        r"^[.]?[A-Za-z0-9:]([A-Za-z0-9.:-]*[A-Za-z0-9:])?$",
        "a host, a domain such as .example.com, or an IP address; no network",
        max_length=253,
    ),
]

Cidr = Annotated[
    str,
    Shape(
        r"^((25[0-5]|2[0-4][0-9]|1?[0-9]?[0-9])(\.(25[0-5]|2[0-4][0-9]|1?[0-9]?[0-9])){3}/(3[0-2]|[12]?[0-9])"
        r"|[0-9a-f]{0,4}(:[0-9a-f]{0,4}){2,7}/(12[0-8]|1[01][0-9]|[1-9]?[0-9]))$",
        "a network such as 10.20.0.0/16 or fd00:1::/64",
        max_length=43,
    ),
]

Port = Annotated[int, Field(ge=1, le=65_535)]

Money = Annotated[
    str,
    Shape(
        r"^(0[.][0-9]*[1-9][0-9]*|[1-9][0-9]{0,5}([.][0-9]{1,6})?)$",
        'an amount above zero in quotes, such as "5.00"',
        max_length=14,
    ),
]

Price = Annotated[
    str, Shape(r"^[0-9]{1,6}([.][0-9]{1,12})?$", 'a price in quotes, such as "0.0043"', max_length=19)
]

DecimalText = Annotated[
    str,
    Shape(r"^[0-9](\.[0-9]{1,2})?$", 'a decimal in quotes with at most two places, such as "0.7"', max_length=4),
]


def _check_quantity(value: int | str) -> int | str:
    parse_quantity(value)
    return value


Quantity = Annotated[
    int | str,
    AfterValidator(_check_quantity),
    WithJsonSchema({"x-kubernetes-int-or-string": True, "pattern": QUANTITY_PATTERN, "maxLength": 32}),
]
"""An amount of a resource, as in 500m, 2 or 1Gi."""
