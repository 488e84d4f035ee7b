"""Changes of pictures that leave what is learned of them as it is; each task says which of them hold for its own."""

import numpy as np


def flip_left_right(images: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Mirror half of the pictures; situs is lost.

    Args:
        images: (example, y, x, c).
        rng: chooses which.
    """
    chosen = rng.random(len(images)) < 0.5
    return np.where(chosen[:, None, None, None], images[:, :, ::-1], images)


def turn_and_flip(images: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Turn each picture by a multiple of 90 degrees and mirror half of them, where none has an up or a left.

    Args:
        images: (example, y, x, c), square.
        rng: chooses how.
    """
    turns, mirrored = rng.integers(4, size=len(images)), rng.random(len(images)) < 0.5
    turned = [np.rot90(image, turn) for image, turn in zip(images, turns.tolist(), strict=True)]
    return np.stack([image[:, ::-1] if mirror else image for image, mirror in zip(turned, mirrored, strict=True)])


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


def brighten(images: np.ndarray, most: float, rng: np.random.Generator) -> np.ndarray:
    """Multiply each picture's brightness by up to `1 + most` or divide it, and cut at 1.

    Args:
        images: (example, y, x, c), from 0 to 1.
        most: above 0.
        rng: chooses how much.
    """
    factor = np.power(1 + most, rng.uniform(-1, 1, size=(len(images), 1, 1, 1)))
    brightened: np.ndarray = np.minimum(images * factor.astype(np.float32), 1)
    return brightened
