"""Radiology tasks."""
