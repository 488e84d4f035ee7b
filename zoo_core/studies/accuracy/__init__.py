"""What training on many ranks costs in AUROC, and which of its causes costs what."""
