"""Which of the gateway's own tests show what its settings do: by their place in its configuration."""

from __future__ import annotations

import re

ACCESS = "tests/gateway/test_access.py::"
ADMISSION = "tests/gateway/test_admission.py::"
CALLS = "tests/unit/session/test_conversations.py::"
KEPT = "tests/gateway/records/test_sessions.py::"
LIMITS = "tests/gateway/money/test_limits.py::"
OUTLIVED = "tests/gateway/resilience/test_recovery.py::"
PHRASES = "tests/unit/conversation/test_phrases.py::"
PROVIDERS = "tests/gateway/providers/"
RECORDED = "tests/gateway/recordings/"
STRIPE = "tests/gateway/records/test_stripe.py::"
TRACES = "tests/gateway/test_traces.py::"
FUNCTIONS = "tests/gateway/tools/test_http_functions.py::"
SERVERS = "tests/gateway/tools/test_mcp_servers.py::"

SHOWN: dict[str, tuple[str, ...]] = {
    "agent greeting": ("tests/gateway/test_conversation.py::test_a_greeting_is_spoken_first",),
    "agent instructions": (
        "tests/gateway/test_conversation.py::test_o05_an_edited_prompt_reaches_the_next_session_and_no_earlier_one",
    ),
    "agent language": (f"{PROVIDERS}test_deepgram.py::TestAudio::test_g02_options_reach_deepgram",),
    "agent log_level": ("tests/gateway/test_log_level.py::test_g14_the_log_level_is_switched_while_calls_go_on",),
    "agent phrases.apology": (
        f"{PHRASES}test_g10_an_answer_that_failed_is_apologised_for_without_asking_the_model",
    ),
    "agent phrases.goodbye": (f"{PHRASES}test_g06_a_session_that_is_ended_says_goodbye_first",),
    "agent phrases.still_there": (f"{CALLS}test_g06_a_caller_who_says_nothing_is_asked_once_and_then_hung_up_on",),
    "config auth.allowed_origins": (
        f"{ACCESS}TestAddressesAndOrigins::test_g08_a_page_of_another_origin_is_refused_with_4403",
    ),
    "config auth.anonymous": (f"{ADMISSION}TestTokens::test_everyone_is_let_in_only_where_that_is_said",),
    "config auth.api_keys[]": (
        f"{ACCESS}TestClientSecrets::test_g08_an_api_key_opens_sessions_but_not_from_the_address",
    ),
    "config auth.api_keys[].tenant": (
        "tests/unit/access/test_client_secrets.py::TestMinting::test_g08_a_tenants_key_mints_for_that_tenant_alone",
    ),
    "config auth.client_secrets.lifetime": (
        f"{ACCESS}TestClientSecrets::test_g08_it_is_of_no_use_once_it_has_expired",
    ),
    "config auth.client_secrets.path": (
        f"{ACCESS}TestClientSecrets::test_g08_a_browser_comes_in_once_with_what_its_server_had_minted",
    ),
    "config auth.jwt[]": ("tests/unit/access/test_jwt.py::TestRefused::test_g08_claims_that_are_wrong",),
    "config auth.jwt[].algorithms": (
        "tests/unit/access/test_jwt.py::TestRefused::test_g08_algorithms_that_are_not_configured",
    ),
    "config auth.jwt[].claims": (
        f"{ACCESS}TestJwt::test_g08_by_a_shared_secret_users_and_tenants_are_told_apart",
    ),
    "config auth.jwt[].jwks_uri": (
        f"{ACCESS}TestJwt::test_g08_a_user_comes_in_with_a_token_of_an_identity_provider",
    ),
    "config auth.jwt[].secret_file": (
        f"{ACCESS}TestJwt::test_g08_by_a_shared_secret_users_and_tenants_are_told_apart",
    ),
    "config auth.tokens": (f"{ADMISSION}TestTokens::test_g08_in_the_header",),
    "config auth.tokens.in_address": (
        f"{ACCESS}TestAddressesAndOrigins::test_g08_a_static_token_is_taken_from_the_address_only_where_that_is_said",
    ),
    "config deadlines": (
        "tests/unit/resilience/test_stage_deadlines.py::test_g10_what_a_stage_says_counts_for_it_alone",
    ),
    "config drain.timeout": (
        "tests/gateway/test_drain.py::test_g09_sessions_that_outlast_the_drain_time_are_ended_with_4503",
    ),
    "config limits.connections_per_pod": (f"{LIMITS}test_g06_connections_and_sessions_of_a_pod_are_two_caps",),
    "config limits.cost.per_day": (f"{LIMITS}test_g06_the_deployments_day_warns_and_ends_everybody",),
    "config limits.cost.per_session": (
        f"{KEPT}test_g06_a_session_ends_at_its_budget_with_a_reason_and_a_code_of_its_own",
    ),
    "config limits.cost.per_user_per_day": (
        f"{LIMITS}test_g06_a_users_day_ends_sessions_in_all_pods_with_4422_and_lets_nobody_in_till_tomorrow",
    ),
    "config limits.cost.prices[]": (
        "tests/unit/money/test_prices.py::test_g07_a_price_of_ones_own_makes_a_server_of_ones_own_known",
    ),
    "config limits.cost.warn_at_percent": (
        f"{LIMITS}test_g06_a_caller_is_warned_at_80_percent_of_5_dollars_and_told_goodbye_at_the_limit",
    ),
    "config limits.frame_bytes": (f"{LIMITS}test_g06_a_message_over_the_frame_size_ends_a_session_with_1009",),
    "config limits.idle_timeout": (f"{ADMISSION}TestCaps::test_g06_limits_end_a_session_with_their_own_code",),
    "config limits.messages_per_second": (f"{LIMITS}test_g06_messages_over_the_rate_end_a_session_with_4413",),
    "config limits.session_duration": (
        f"{LIMITS}test_g06_time_ends_a_session_with_a_reason_and_a_code_of_its_own",
    ),
    "config limits.sessions_per_pod": (
        f"{ADMISSION}TestCaps::test_g06_a_session_over_the_cap_is_refused_with_4424_and_the_others_go_on",
    ),
    "config limits.sessions_per_user": (
        f"{LIMITS}test_g06_a_user_has_three_sessions_over_all_pods_and_the_fourth_is_refused_with_4423",
    ),
    "config observability.aliases": (
        "tests/gateway/test_probes.py::test_g15_probes_have_further_paths_where_that_is_said",
    ),
    "config observability.max_tenants": (
        "tests/gateway/test_metrics.py::test_g14_tenants_beyond_the_bound_share_a_label",
    ),
    "config observability.profiles": (
        "tests/gateway/test_profiles.py::"
        "test_g14_one_signal_begins_a_profile_the_next_one_writes_it_and_the_end_writes_what_has_begun",
    ),
    "config observability.sla": ("tests/gateway/test_metrics.py::test_g14_a_promise_that_is_not_kept_is_counted",),
    "config observability.traces.endpoint": (
        f"{TRACES}test_g14_a_spoken_turn_shows_who_was_waited_for_and_no_word_of_it",
    ),
    "config observability.traces.header_files": (
        f"{TRACES}test_g14_a_spoken_turn_shows_who_was_waited_for_and_no_word_of_it",
    ),
    "config observability.traces.sample_ratio": (f"{TRACES}test_g14_sessions_that_are_not_sampled_are_not_sent",),
    "config pipeline.llm.base_url": (
        f"{PROVIDERS}test_llm_requests.py::TestCompatible::test_the_length_goes_by_its_old_name",
    ),
    "config pipeline.llm.max_tokens": (
        f"{PROVIDERS}test_llm_requests.py::TestCompatible::test_the_length_goes_by_its_old_name",
    ),
    "config pipeline.llm.model": (f"{PROVIDERS}test_llm_requests.py::TestGemini::test_what_is_told",),
    "config pipeline.llm.provider": (
        "tests/gateway/money/test_pipelines.py::test_g07_each_stage_of_a_spoken_turn_costs_something_that_is_known",
    ),
    "config pipeline.llm.reasoning_effort": (
        f"{PROVIDERS}test_llm_requests.py::TestAnthropic::test_g05_how_to_think_is_told",
    ),
    "config pipeline.llm.temperature": (f"{PROVIDERS}test_llm_requests.py::TestGemini::test_what_is_told",),
    "config pipeline.llm.thinking": (
        f"{PROVIDERS}test_llm_requests.py::TestAnthropic::test_g05_how_to_think_is_told",
    ),
    "config pipeline.llm.thinking_budget": (
        f"{PROVIDERS}test_llm_requests.py::TestGemini::test_g05_thinking_can_be_turned_off",
    ),
    "config pipeline.llm.thinking_level": (f"{PROVIDERS}test_llm_requests.py::TestGemini::test_what_is_told",),
    "config pipeline.resilience": (
        f"{OUTLIVED}test_g10_a_provider_that_keeps_failing_is_left_alone_and_probed_until_it_is_back",
        "tests/unit/resilience/test_retries.py::test_g10_a_passing_failure_is_tried_again_so_often_and_no_more",
    ),
    "config pipeline.speech_cache": (
        f"{OUTLIVED}test_g10_what_was_spoken_once_is_not_asked_for_again_where_that_is_chosen",
    ),
    "config pipeline.stt.base_url": (f"{PROVIDERS}test_deepgram.py::TestAudio::test_g02_options_reach_deepgram",),
    "config pipeline.stt.eager_eot_threshold": (
        f"{PROVIDERS}test_deepgram_flux.py::TestTurns::test_g02_options_reach_deepgram",
    ),
    "config pipeline.stt.endpointing_ms": (
        f"{PROVIDERS}test_deepgram.py::TestAudio::test_g02_options_reach_deepgram",
    ),
    "config pipeline.stt.eot_threshold": (
        f"{PROVIDERS}test_deepgram_flux.py::TestTurns::test_g02_options_reach_deepgram",
    ),
    "config pipeline.stt.eot_timeout_ms": (
        f"{PROVIDERS}test_deepgram_flux.py::TestTurns::test_g02_options_reach_deepgram",
    ),
    "config pipeline.stt.keyterms": (
        f"{PROVIDERS}test_deepgram.py::TestAudio::test_g02_options_reach_deepgram",
        f"{PROVIDERS}test_deepgram_flux.py::TestTurns::test_g02_options_reach_deepgram",
    ),
    "config pipeline.stt.model": (f"{PROVIDERS}test_deepgram.py::TestAudio::test_g02_options_reach_deepgram",),
    "config pipeline.stt.prompt": (
        f"{PROVIDERS}test_transcription.py::TestUtterances::test_g02_options_reach_the_server",
    ),
    "config pipeline.stt.provider": (
        "tests/gateway/money/test_pipelines.py::test_g07_each_stage_of_a_spoken_turn_costs_something_that_is_known",
    ),
    "config pipeline.stt.utterance_end_ms": (
        f"{PROVIDERS}test_deepgram.py::TestAudio::test_g02_options_reach_deepgram",
    ),
    "config pipeline.tts.base_url": (f"{PROVIDERS}test_tts_faults.py::test_g02_options_reach_the_provider",),
    "config pipeline.tts.instructions": (f"{PROVIDERS}test_tts_faults.py::test_g02_options_reach_the_provider",),
    "config pipeline.tts.model": (f"{PROVIDERS}test_tts_faults.py::test_g02_options_reach_the_provider",),
    "config pipeline.tts.provider": (
        "tests/gateway/money/test_pipelines.py::test_g07_each_stage_of_a_spoken_turn_costs_something_that_is_known",
    ),
    "config pipeline.tts.sample_rate": (f"{PROVIDERS}test_wav.py::test_g02_plain_pcm_stays_as_it_is",),
    "config pipeline.tts.similarity_boost": (f"{PROVIDERS}test_elevenlabs.py::test_g02_options_reach_elevenlabs",),
    "config pipeline.tts.stability": (f"{PROVIDERS}test_elevenlabs.py::test_g02_options_reach_elevenlabs",),
    "config pipeline.tts.voice": (f"{PROVIDERS}test_tts_faults.py::test_g02_options_reach_the_provider",),
    "config pipeline.tts.words_per_minute": (
        "tests/unit/embedded/test_speech.py::test_words_per_minute_are_kept",
    ),
    **{
        f"config pipeline.{stage}.{setting}": tests
        for stage in ("stt", "llm", "tts")
        for setting, tests in {
            "api_key_files": (f"{OUTLIVED}test_g10_a_key_that_has_expired_is_set_aside_and_another_is_used",),
            "concurrent_requests": (f"{OUTLIVED}test_g10_requests_beyond_a_keys_limit_wait_their_turn",),
            "requests_per_minute": (
                "tests/unit/resilience/test_key_queue.py::test_g10_who_cannot_come_in_time_is_told_so_at_once",
            ),
        }.items()
    },
    "config protocols[]": (
        "tests/gateway/test_twilio.py::TestConversation::test_g11_a_caller_is_understood_answered_and_heard",
    ),
    "config protocols[].auth_token_file": (
        "tests/gateway/test_twilio.py::TestAdmission::test_g11_a_signed_handshake_needs_no_token",
    ),
    "config protocols[].paths": (f"{ADMISSION}TestHandshake::test_g15_any_path_can_be_configured",),
    "config protocols[].public_url": (
        "tests/unit/protocols/test_twilio_voice.py::test_g11_behind_a_proxy_the_public_url_counts",
    ),
    "config recordings.longest": (
        f"{RECORDED}test_sessions.py::test_g14_a_session_is_recorded_for_so_long_and_talks_on",
    ),
    "config recordings.min_free": (
        f"{RECORDED}test_disks.py::test_g14_without_free_space_nothing_is_recorded_and_everybody_is_answered",
    ),
    "config recordings.most": (
        f"{RECORDED}test_disks.py::test_g14_a_folder_that_is_full_ends_the_recording_and_not_the_conversation",
    ),
    "config recordings.retention_days": (
        "tests/unit/recordings/test_folder.py::test_g14_files_go_when_they_are_old_a_bounded_number_at_a_time",
    ),
    "config records.retention_days": (
        "tests/gateway/records/test_postgres.py::"
        "test_g07_rows_are_deleted_when_they_are_old_and_only_those_of_this_deployment",
    ),
    "config records.transcripts": (f"{KEPT}test_g07_what_was_said_is_kept_by_choice_alone",),
    "config records.url_file": (f"{KEPT}test_g07_a_conversation_becomes_a_row_with_what_it_cost",),
    "config redis.url_file": (
        f"{LIMITS}test_g06_a_user_has_three_sessions_over_all_pods_and_the_fourth_is_refused_with_4423",
    ),
    "config redis.when_away": (
        f"{LIMITS}test_g06_what_happens_while_redis_is_away_is_a_setting_and_who_talks_goes_on",
    ),
    "config stripe.api_key_file": (f"{STRIPE}TestMeterEvents::test_g07_a_rotated_key_is_used_at_once",),
    "config stripe.customer_claim": (f"{STRIPE}TestMeterEvents::test_g07_the_customer_may_be_the_user",),
    "config stripe.meter_event_name": (
        f"{STRIPE}TestMeterEvents::test_g07_a_meter_that_is_missing_is_said_and_events_wait_for_it",
    ),
    "config stripe.webhook_secret_file": (
        f"{STRIPE}TestWebhook::test_g07_only_what_stripe_has_signed_lately_counts_and_once",
    ),
    "config tools[]": (
        "tests/gateway/tools/test_calls_with_tools.py::test_g12_a_function_over_http_is_called_and_its_answer_is_spoken",
    ),
    "config tools[].allowed_tools": (f"{SERVERS}test_g12_only_tools_that_are_allowed_are_there",),
    "config tools[].header_files": (
        f"{FUNCTIONS}test_g12_secret_headers_come_from_files_as_they_are_now",
        f"{SERVERS}test_g12_secret_headers_come_from_files",
    ),
    "config tools[].idempotent": (f"{FUNCTIONS}test_g12_what_may_be_repeated_is_once_with_the_same_key",),
    "config tools[].idempotent_tools": (
        f"{SERVERS}test_g12_what_is_declared_idempotent_is_repeated_with_the_same_key",
    ),
    "config tools[].method": (f"{FUNCTIONS}test_g12_arguments_go_in_the_query_where_there_is_no_body",),
    "config tools[].parameters": (
        "tests/unit/tools/test_toolbox.py::test_g12_arguments_that_do_not_fit_are_sent_to_nobody",
    ),
    "config tools[].timeout": (f"{FUNCTIONS}test_g12_one_that_says_nothing_leaves_a_doubt",),
    "config tools[].type": (
        "tests/gateway/tools/test_calls_with_tools.py::"
        "test_g12_a_tool_of_an_mcp_server_is_called_and_its_answer_is_spoken",
    ),
    "config tools[].url": (f"{FUNCTIONS}test_g12_arguments_go_as_json_with_a_key_of_the_call",),
    "config turn_taking.voice_activity": (
        "tests/unit/session/test_settings.py::test_g04_the_detector_is_the_one_that_was_chosen",
    ),
    "config turn_taking": ("tests/unit/session/test_settings.py::test_g04_each_setting_has_its_effect",),
}
"""An entry holds for all below it that have none of their own."""


def shown_by(place: str) -> tuple[str, ...]:
    """The tests of a setting; empty where there is none. Fallbacks are configured as the stages they replace."""
    setting = re.sub(r"\[[^]]*\]", "[]", place).replace("_fallbacks[]", "")
    entries = [entry for entry in SHOWN if re.match(re.escape(entry) + r"($|[.\[ ])", setting)]
    return SHOWN[max(entries, key=len)] if entries else ()


def is_the_gateways(place: str) -> bool:
    """Whether a place is read by the gateway, so that the API server alone proves nothing of its effect."""
    return place.startswith(("config", "agent"))
