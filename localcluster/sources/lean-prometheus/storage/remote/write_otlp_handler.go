package remote

import (
	"net/http"
	"time"
)

// OTLPOptions is what Prometheus says to its receiver of OTLP.
type OTLPOptions struct {
	ConvertDelta            bool
	NativeDelta             bool
	LookbackDelta           time.Duration
	EnableTypeAndUnitLabels bool
}

// NewOTLPWriteHandler stands in for the receiver of OTLP, which nobody writes to: it finds nothing.
func NewOTLPWriteHandler(_, _, _, _ any, _ OTLPOptions) http.Handler {
	return http.NotFoundHandler()
}
