"""A trained model in another precision: converted, held against its limits, and kept where it is within them."""
