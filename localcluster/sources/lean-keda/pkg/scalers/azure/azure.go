// Package azure stands in for KEDA's authorization at Azure, which no Prometheus of our own asks for.
package azure

import (
	"net/http"

	"github.com/go-logr/logr"

	kedav1alpha1 "github.com/kedacore/keda/v2/apis/keda/v1alpha1"
)

// What a TriggerAuthentication may say of a service principal, which nobody reads here.
const (
	ServicePrincipalAuthKey                      = "azureServicePrincipal"
	ServicePrincipalTenantIDKey                  = "azureServicePrincipalTenantId"
	ServicePrincipalClientIDKey                  = "azureServicePrincipalClientId"
	ServicePrincipalCloudKey                     = "azureServicePrincipalCloud"
	ServicePrincipalActiveDirectoryEndpointKey   = "azureServicePrincipalActiveDirectoryEndpoint"
	ServicePrincipalClientSecretKey              = "azureServicePrincipalClientSecret"
	ServicePrincipalClientCertificateKey         = "azureServicePrincipalClientCertificate"
	ServicePrincipalClientCertificatePasswordKey = "azureServicePrincipalClientCertificatePassword"
)

// TryAndGetAzureManagedPrometheusHTTPRoundTripper finds that the Prometheus is not Azure's.
func TryAndGetAzureManagedPrometheusHTTPRoundTripper(
	logr.Logger, kedav1alpha1.AuthPodIdentity, map[string]string,
) (http.RoundTripper, error) {
	return nil, nil
}
