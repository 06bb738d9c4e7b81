// Package azuread stands in for Prometheus' remote writing to Azure, whose SDK nobody needs to read metrics.
package azuread

import (
	"errors"
	"net/http"
)

// AzureADConfig is there because Prometheus' configuration has a place for it.
type AzureADConfig struct{}

// Validate refuses.
func (*AzureADConfig) Validate() error {
	return errors.New("azuread is left out of this build")
}

// NewAzureADRoundTripper refuses.
func NewAzureADRoundTripper(config *AzureADConfig, _ http.RoundTripper) (http.RoundTripper, error) {
	return nil, config.Validate()
}
