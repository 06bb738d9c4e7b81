// Package gcp stands in for KEDA's authorization at Google Cloud, which no Prometheus of our own asks for.
package gcp

import (
	"errors"
	"net/http"

	"github.com/kedacore/keda/v2/pkg/scalers/scalersconfig"
)

// GcpScopeMonitoringRead is what KEDA would ask for.
const GcpScopeMonitoringRead = "https://www.googleapis.com/auth/monitoring.read"

// ErrGoogleApplicationCrendentialsNotFound is how KEDA learns that the Prometheus is not Google's.
var ErrGoogleApplicationCrendentialsNotFound = errors.New("google application credentials not found")

// GetGCPOAuth2HTTPTransport finds no credentials.
func GetGCPOAuth2HTTPTransport(*scalersconfig.ScalerConfig, http.RoundTripper, ...string) (http.RoundTripper, error) {
	return nil, ErrGoogleApplicationCrendentialsNotFound
}
