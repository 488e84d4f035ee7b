"""Plugins of zoo."""
