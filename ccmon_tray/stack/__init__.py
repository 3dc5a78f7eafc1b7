"""The Prometheus stack: a collector and a Prometheus in containers, started and looked after for the person.

Its files come with the package and are copied into the data folder, where podman or docker runs them. Nothing
here is needed to read usage: the tray imports it only when a person has a stack.
"""
