"""Numeric precisions, one file a backend."""
