"""Which test proves which field of the resource: `python -m tests.proofs` writes docs/reference/fields.md."""
