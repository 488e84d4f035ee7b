"""One run from start to end: configuration, training, checkpoints, and what is written down of it."""
