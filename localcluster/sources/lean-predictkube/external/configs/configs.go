// Package configs stands in for the settings of a transport that only one of KEDA's scalers uses, which is left out.
package configs

import (
	"crypto/tls"
	"time"
)

// HTTPTransport is what KEDA says of timeouts.
type HTTPTransport struct {
	MaxIdleConnDuration time.Duration
	ReadTimeout         time.Duration
	WriteTimeout        time.Duration
}

// Option is one setting.
type Option struct{}

// SetTransportConfigs keeps nothing.
func SetTransportConfigs(*HTTPTransport) Option { return Option{} }

// SetTLS keeps nothing.
func SetTLS(*tls.Config) Option { return Option{} }
