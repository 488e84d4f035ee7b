"""Rosettes: one plant seen from above, told from its pot, measured, and followed over time."""
