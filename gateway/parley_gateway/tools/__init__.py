"""What the agent can do beside talking: functions over HTTP, and servers of the Model Context Protocol."""
