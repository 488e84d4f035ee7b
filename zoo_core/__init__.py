"""The runtime of zoo: a plugin-based zoo of models for medical imaging and phenomics."""

__version__ = "0.1.0"
