"""Plates of plants and cells, drawn and real, and folders of leaves and plants."""
