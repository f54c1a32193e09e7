"""Measurements, never tests: machines are shared, so figures are compared within one run."""
