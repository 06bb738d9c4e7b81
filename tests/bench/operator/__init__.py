"""The operator under load: many resources on a real API server and etcd, their pods played by kwok."""
