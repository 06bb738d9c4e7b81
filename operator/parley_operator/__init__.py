"""The operator: reconciles VoiceDeployments into everything a voice service needs."""
