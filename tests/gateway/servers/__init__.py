"""Real servers that the gateway depends on, each with a folder of its own, to be stopped and killed at will."""
