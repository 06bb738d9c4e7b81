"""All tests of the project, as one package: so that folders below can have fixtures of their own length."""
