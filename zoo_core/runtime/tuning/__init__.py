"""Which ranks, threads, streams and precision suit a model on this machine: tried, measured, kept, and used by runs."""
