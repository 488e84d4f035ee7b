"""A task for any images with binary or class labels, for zoo."""
