package resolver

import (
	"errors"

	kedav1alpha1 "github.com/kedacore/keda/v2/apis/keda/v1alpha1"
)

// DefaultVaultKubernetesAuthTokenFile is the default of a flag of KEDA's operator.
const DefaultVaultKubernetesAuthTokenFile = "/var/run/secrets/keda-vault/token"

var errLeftOut = errors.New("secrets of a vault are left out of this build")

// vault stands in for the readers of secrets that do not lie in the cluster; it takes whatever they take.
type vault struct{}

// Initialize refuses.
func (vault) Initialize(...any) error { return errLeftOut }

// Read refuses.
func (vault) Read(...any) (string, error) { return "", errLeftOut }

// ResolveSecrets refuses.
func (vault) ResolveSecrets([]kedav1alpha1.VaultSecret) ([]kedav1alpha1.VaultSecret, error) {
	return nil, errLeftOut
}

// Stop has nothing to stop.
func (vault) Stop() {}

// NewAwsSecretManagerHandler stands in for AWS Secrets Manager.
func NewAwsSecretManagerHandler(any) vault { return vault{} }

// NewAzureKeyVaultHandler stands in for Azure Key Vault.
func NewAzureKeyVaultHandler(any) vault { return vault{} }

// NewGCPSecretManagerHandler stands in for Google Secret Manager.
func NewGCPSecretManagerHandler(any) vault { return vault{} }

// NewHashicorpVaultHandler stands in for HashiCorp Vault.
func NewHashicorpVaultHandler(...any) vault { return vault{} }

// vaultAddressesEqual compares addresses of HashiCorp Vault, of which there are none.
func vaultAddressesEqual(one, other string) bool { return one == other }
