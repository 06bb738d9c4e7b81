"""Silero's voice activity model, run by onnxruntime: windows of many callers in, probabilities of speech out.

The file is `silero_vad_16k_op15.onnx` of silero-vad 6.2.3 (MIT, models/LICENSE.silero-vad), whose own package
wants PyTorch. Importing this module imports onnxruntime: 20 MB. Its builds tell their makers of their use unless
they are told not to, some of it as soon as they are imported.
"""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

os.environ["ORT_DISABLE_TELEMETRY"] = "1"
import onnxruntime

onnxruntime.disable_telemetry_events()

Floats = NDArray[np.float32]

RATE = 16_000
WINDOW = 512
"""Samples that are judged at a time: 32 ms."""
WINDOW_MS = WINDOW * 1000 // RATE
CONTEXT = 64
"""Samples before the window that the model sees again."""

MODEL = Path(__file__).with_name("models") / "silero_vad_16k_op15.onnx"


def no_state(callers: int) -> Floats:
    """What the model remembers of callers that it has not heard yet."""
    return np.zeros((2, callers, 128), np.float32)


class SileroModel:
    """One session of the runtime, which any number of callers can share: their memories are their own."""

    def __init__(self) -> None:
        """Load the model: 0.1 s."""
        options = onnxruntime.SessionOptions()
        # One thread that sleeps when it has nothing to do: the runtime's own would spin, and fight for the cores.
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        # An arena keeps the largest batch there ever was, and saves nothing that could be measured.
        options.enable_cpu_mem_arena = False
        options.log_severity_level = 3
        self._session = onnxruntime.InferenceSession(MODEL, options, providers=["CPUExecutionProvider"])
        self._rate = np.array(RATE, np.int64)

    def run(self, windows: Floats, state: Floats) -> tuple[Floats, Floats]:
        """`windows`: callers by (CONTEXT + WINDOW), of ±1. Returns each one's probability, and the next state."""
        feed = {"input": windows, "state": state, "sr": self._rate}
        probabilities, state = self._session.run(None, feed)
        return probabilities[:, 0], state
