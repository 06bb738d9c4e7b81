"""Where the time of an answer goes, stage by stage."""

from __future__ import annotations

from parley_operator.render.dashboard_panel import Row, span

ROW = Row(
    "Latency by stage: endpointing + first token + sentence + synthesis + playout = response",
    (
        span("Endpointing", "endpointing", "From the caller's last sound to the decision that the turn is over."),
        span("First token", "first_token", "From the end of the turn to the model's first text.", promise=0.3),
        span("Sentence", "sentence", "From the first text to the first sentence handed to the voice."),
        span("Synthesis", "synthesis", "From the first sentence to its first audio.", promise=0.5),
        span("Playout", "playout", "From the first audio to its being handed to the client."),
        span("Transcript", "partial_asr", "From a word's last audio to the transcript with it.", promise=0.15),
    ),
)
