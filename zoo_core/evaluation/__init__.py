"""Numbers from predictions, and from nothing else."""
