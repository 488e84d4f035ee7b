"""Changes of a radiograph that leave its findings what they are."""

import numpy as np


def flip_left_right(images: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Mirror half of the pictures; situs is lost.

    Args:
        images: (example, y, x, c).
        rng: chooses which.
    """
    chosen = rng.random(len(images)) < 0.5
    return np.where(chosen[:, None, None, None], images[:, :, ::-1], images)


def shift(images: np.ndarray, most_px: int, rng: np.random.Generator) -> np.ndarray:
    """Move each picture along y and x by whole pixels; its edge pixels fill the gap.

    Args:
        images: (example, y, x, c).
        most_px: largest move either way.
        rng: chooses how far.
    """
    moves = rng.integers(-most_px, most_px, size=(len(images), 2), endpoint=True)
    rows, columns = np.arange(images.shape[1]), np.arange(images.shape[2])
    moved = [
        image[np.clip(rows - dy, 0, rows[-1])][:, np.clip(columns - dx, 0, columns[-1])]
        for image, (dy, dx) in zip(images, moves.tolist(), strict=True)
    ]
    return np.stack(moved)
