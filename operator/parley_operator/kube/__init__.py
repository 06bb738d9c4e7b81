"""Talking to the API server: apply, inventory, watches, leases. Knows no resource of ours."""
