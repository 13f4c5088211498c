"""Tests of the pure core. Helpers are imported from here: `from .session_bench import device`."""
