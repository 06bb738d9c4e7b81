"""What `parley doctor` looks at, one file for each part of the way from a kubeconfig to a caller."""
