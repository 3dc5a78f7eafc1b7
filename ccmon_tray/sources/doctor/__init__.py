"""The smoke test: each link of the pipeline with its time, its result and its cure."""

from ccmon_tray.sources.doctor.doctor import Doctor

__all__ = ["Doctor"]
