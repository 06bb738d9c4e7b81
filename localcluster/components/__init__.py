"""One file per part of the cluster: its command line and its configuration."""
