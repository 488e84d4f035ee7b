"""A module that needs what nobody has."""

raise ImportError("tiny-lab needs a microscope")
