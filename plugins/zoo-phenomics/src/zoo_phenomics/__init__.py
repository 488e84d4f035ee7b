"""Phenomics tasks: plates, leaves, rosettes."""
