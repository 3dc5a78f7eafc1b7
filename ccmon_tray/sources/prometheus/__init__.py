"""Prometheus, and the servers that speak its query API, as a source of usage."""
