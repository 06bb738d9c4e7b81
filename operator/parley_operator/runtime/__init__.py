"""The running operator: watches, queue, probes, metrics. The only part that knows kopf."""
