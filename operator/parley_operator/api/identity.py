"""What the API server calls the resource: its group, version, kind and names."""

from __future__ import annotations

from typing import Literal

GROUP = "parley.dev"
VERSION = "v1alpha1"
API_VERSION: Literal["parley.dev/v1alpha1"] = "parley.dev/v1alpha1"
KIND: Literal["VoiceDeployment"] = "VoiceDeployment"
PLURAL = "voicedeployments"
SINGULAR = "voicedeployment"
SHORT_NAME = "vd"
