"""The always-on process: it polls, keeps icon, tooltip and menu current, and hosts what must always run."""
