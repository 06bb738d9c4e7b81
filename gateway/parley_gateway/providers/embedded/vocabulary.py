"""What the embedded recogniser understands, where it is written down, and what stands for all the rest."""

from __future__ import annotations

from pathlib import Path

GRAMMAR = Path(__file__).with_name("vocabulary.jsgf")
"""All sentences, in the Java Speech Grammar Format."""

DICTIONARY = Path(__file__).with_name("vocabulary.dict")
"""How their words are pronounced, in the phones of CMUdict; taken from the dictionary of pocketsphinx."""

UNCLEAR = "[unclear]"
"""The transcript of speech that is no sentence of the grammar, so that the agent can say so."""
