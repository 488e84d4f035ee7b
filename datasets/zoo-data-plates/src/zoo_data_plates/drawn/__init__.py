"""Drawn trays: what is in which well (layout), how each plant grows (plants), and how it looks.

A plant's leaves come in a golden angle (leaves), lie on pixels (outline) over a pot with soil (pot), and are seen by a
camera (picture).
"""
