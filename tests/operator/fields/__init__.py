"""What each field of a VoiceDeployment does: one row per field, proven on a real API server."""
