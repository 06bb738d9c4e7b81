"""Puts together what records sessions."""

from __future__ import annotations

from pathlib import Path

from prometheus_client import CollectorRegistry

from parley_contract.config import GatewayConfig
from parley_contract.native import AudioFormat
from parley_contract.protocols import NativeProtocolConfig
from parley_contract.records import RecordingsConfig
from parley_gateway.audio.resample import prepare
from parley_gateway.recordings.folder import Folder
from parley_gateway.recordings.metrics import RecordingMetrics
from parley_gateway.recordings.recorder import Recorder


def create_recorder(
    config: GatewayConfig, recordings: RecordingsConfig, *, registry: CollectorRegistry
) -> Recorder:
    """A folder that cannot be used is no reason not to answer calls: nothing is looked at yet."""
    if any(isinstance(protocol, NativeProtocolConfig) for protocol in config.protocols):
        usual = AudioFormat()
        prepare(usual.output_rate, usual.input_rate)
    folder = Folder(
        Path(recordings.folder),
        deployment=config.name,
        retention_days=recordings.retention_days,
        min_free=recordings.min_free,
        most=recordings.most,
    )
    return Recorder(
        folder,
        RecordingMetrics(registry),
        namespace=config.namespace,
        deployment=config.name,
        longest_s=recordings.longest,
    )
