"""ChestX-ray14, real and drawn."""
