"""What operator, gateway and clients agree on: the gateway's configuration and the native protocol."""
