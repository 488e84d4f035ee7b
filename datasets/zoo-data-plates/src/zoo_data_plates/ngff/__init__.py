"""Plates in OME-NGFF: what they are like, writing them and reading them."""
