"""What a place and a format give a training: images a second, waits, and how far an accelerator is kept busy."""
