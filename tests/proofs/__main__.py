"""`python -m tests.proofs [FILE]`: write the table of fields and their proofs, or to another file."""

from __future__ import annotations

import sys
from pathlib import Path

from tests.operator.fields.proofs import FILE, as_markdown

file = Path(sys.argv[1]) if sys.argv[1:] else FILE
file.write_text(as_markdown(), encoding="utf-8")
print(f"wrote {file}")
