"""What the resource says about the conversation engine reaches the gateway, each field of it."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from typing import Any

import pytest

from parley_contract.config import GatewayConfig
from parley_operator.api.problems import InvalidResourceError
from parley_operator.render import render
from parley_operator.render.gateway_config import config_text, gateway_config
from tests.unit.operator.examples import ENGINE_SPEC, resource, secret, with_ingress
from tests.unit.operator.facts import FACTS, parse, with_values

SECRETS = "/etc/parley/secrets"
Path = tuple[str | int, ...]


def config(**spec: Any) -> dict[str, Any]:
    """The configuration as the gateway will find it."""
    loaded: dict[str, Any] = json.loads(config_text(gateway_config(parse(resource(**spec)))))
    return loaded


def fields(value: Any, path: Path = ()) -> Iterator[Path]:
    """Every field of a document that is no list of plain values, leaves first."""
    if isinstance(value, dict):
        for name, below in value.items():
            yield from fields(below, (*path, name))
            yield (*path, name)
    elif isinstance(value, list):
        for index, below in enumerate(value):
            if isinstance(below, dict):
                yield from fields(below, (*path, index))


def without(document: dict[str, Any], path: Path) -> dict[str, Any]:
    """The document with one field left out."""
    changed = copy.deepcopy(document)
    place: Any = changed
    for step in path[:-1]:
        place = place[step]
    del place[path[-1]]
    return changed


def rendered(spec: dict[str, Any]) -> str:
    """Everything that the resource turns into, but for where it is from."""
    parsed = parse(resource(**spec))
    return json.dumps(list(render(parsed, with_values(parsed)).manifests), default=str)


@pytest.mark.parametrize("path", list(fields(ENGINE_SPEC)), ids=lambda path: ".".join(map(str, path)))
def test_no_field_is_forgotten(path: Path) -> None:
    """A field that is left out changes something, or else the resource is not valid without it."""
    named_only = path[-1] == "name" and "fallbacks" in path
    try:
        changed = rendered(without(ENGINE_SPEC, path))
    except InvalidResourceError:
        return
    if not named_only:
        assert changed != rendered(ENGINE_SPEC)


def test_g10_fallbacks_keep_their_order_and_their_own_settings() -> None:
    pipeline = config(**ENGINE_SPEC)["pipeline"]
    assert [stage["provider"] for stage in pipeline["stt_fallbacks"]] == ["Deepgram", "OpenAICompatible"]
    assert [stage["provider"] for stage in pipeline["llm_fallbacks"]] == ["Gemini", "OpenAICompatible"]
    assert [stage["provider"] for stage in pipeline["tts_fallbacks"]] == [
        "ElevenLabs",
        "Deepgram",
        "OpenAICompatible",
    ]
    assert pipeline["tts_fallbacks"][0] == {
        "provider": "ElevenLabs",
        "voice": "21m00",
        "api_key_files": [f"{SECRETS}/keys_eleven"],
        "stability": 0.5,
        "similarity_boost": 1.0,
    }


def test_what_is_not_said_is_not_written_so_that_a_new_default_changes_no_bytes() -> None:
    assert set(config()) == {
        "schema_version",
        "name",
        "namespace",
        "port",
        "agent",
        "pipeline",
        "protocols",
        "auth",
        "limits",
        "drain",
    }


def test_g04_all_of_turn_taking_is_said_in_seconds() -> None:
    assert config(**ENGINE_SPEC)["turn_taking"] == {
        "voice_activity": "Silero",
        "end_of_turn": "Semantic",
        "end_of_speech_silence": 0.5,
        "complete_silence": 0.3,
        "incomplete_silence": 2.0,
        "transcript_timeout": 2.0,
        "speech_timeout": 8.0,
        "keypad_pause": 3.0,
        "preemptive": False,
        "barge_in": "Enabled",
        "min_speech_duration": 0.25,
        "backchannels": ["mhm", "aha"],
        "backchannel_pause": 0.5,
        "answer_window": 0.8,
        "false_interruption_timeout": 1.5,
        "echo_tail": 0.7,
        "stutter_window": 2.0,
        "unheard_speech": 1.0,
        "longest_silence": 20.0,
        "farewell_timeout": 5.0,
        "idle_answer_time": 10.0,
    }


def test_g06_money_stays_exact() -> None:
    cost = gateway_config(parse(resource(**ENGINE_SPEC))).limits.cost
    assert (str(cost.per_session), str(cost.per_user_per_day), str(cost.per_day)) == ("2.50", "10", "500")
    assert cost.prices[0].unit == "audio_output_tokens"


def test_g07_rows_wait_in_a_folder_that_outlives_the_container() -> None:
    parsed = parse(resource(**ENGINE_SPEC))
    outbox = gateway_config(parsed).records
    assert outbox is not None
    deployment = next(one for one in render(parsed, with_values(parsed)).manifests if one["kind"] == "Deployment")
    pod = deployment["spec"]["template"]["spec"]
    (mount,) = (one for one in pod["containers"][0]["volumeMounts"] if one["mountPath"] == str(outbox.outbox))
    (volume,) = (one for one in pod["volumes"] if one["name"] == mount["name"])
    assert set(volume) == {"name", "emptyDir"}
    assert "readOnly" not in mount


def test_g08_the_key_of_client_secrets_is_generated_once_and_mounted() -> None:
    parsed = parse(resource(**ENGINE_SPEC))
    facts = with_values(parsed)
    names = {one["metadata"]["name"] for one in render(parsed, facts).manifests if one["kind"] == "Secret"}
    assert "receptionist-signing" not in names  # nothing is known of it yet: it is not written empty
    auth = config(**ENGINE_SPEC)["auth"]
    assert auth["client_secrets"]["signing_key_file"] == f"{SECRETS}/receptionist-signing_key"
    assert auth["client_secrets"]["lifetime"] == 45.0


def test_every_file_that_the_gateway_is_told_of_is_mounted() -> None:
    parsed = parse(resource(**ENGINE_SPEC))
    deployment = next(one for one in render(parsed, with_values(parsed)).manifests if one["kind"] == "Deployment")
    volumes = deployment["spec"]["template"]["spec"]["volumes"]
    (projected,) = (volume["projected"] for volume in volumes if volume["name"] == "secrets")
    mounted = {
        f"{SECRETS}/{item['path']}" for source in projected["sources"] for item in source["secret"]["items"]
    }
    told = {word for word in config_text(gateway_config(parsed)).split('"') if word.startswith(f"{SECRETS}/")}
    assert told == mounted


def test_g15_paths_for_those_outside_go_through_the_ingress_and_probes_do_not() -> None:
    spec = copy.deepcopy(ENGINE_SPEC)
    endpoint = with_ingress(**spec["endpoint"])["spec"]["endpoint"]
    manifests = render(parse(resource(**{**spec, "endpoint": endpoint})), FACTS).manifests
    (ingress,) = (one for one in manifests if one["kind"] == "Ingress")
    paths = [one["path"] for one in ingress["spec"]["rules"][0]["http"]["paths"]]
    assert paths == [
        "/v1/voice",
        "/calls",
        "/calls/voice",
        "/api/voice/health",
        "/v1/tickets",
        "/v1/stripe/webhook",
    ]


def test_a_tool_takes_its_schema_as_it_is() -> None:
    schema = {"type": "object", "properties": {"when": {"type": "string", "format": "date-time"}}}
    tool = {"name": "t", "type": "HTTP", "http": {"url": "https://a.example.com", "description": "d"}}
    http = {**tool["http"], "parameters": schema}  # type: ignore[dict-item]
    written = config(agent={"instructions": "x", "tools": [{**tool, "http": http}]})["tools"][0]
    assert written["parameters"] == schema


def test_the_gateway_reads_what_the_operator_writes() -> None:
    written = config_text(gateway_config(parse(resource(**ENGINE_SPEC))))
    assert GatewayConfig.model_validate_json(written).tools[1].name == "crm"


def test_a_secret_named_in_two_places_is_mounted_once() -> None:
    spec = {"auth": {"tokens": [secret("tokens", "a"), secret("tokens", "a")]}}
    parsed = parse(resource(**spec))
    deployment = next(one for one in render(parsed, with_values(parsed)).manifests if one["kind"] == "Deployment")
    volumes = deployment["spec"]["template"]["spec"]["volumes"]
    (projected,) = (volume["projected"] for volume in volumes if volume["name"] == "secrets")
    assert projected["sources"] == [{"secret": {"name": "tokens", "items": [{"key": "a", "path": "tokens_a"}]}}]
