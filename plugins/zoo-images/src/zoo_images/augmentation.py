"""Changes of pictures that cameras and scanners make too: another distance, another noise."""

import numpy as np


def zoom(images: np.ndarray, most: float, rng: np.random.Generator) -> np.ndarray:
    """Enlarge or reduce each picture about its middle, along y and x by factors of their own; edge pixels fill a gap.

    Args:
        images: (example, y, x, c), float32.
        most: above 0; factors are from `1 / (1 + most)` to `1 + most`.
        rng: chooses them.
    """
    factors = np.power(1 + most, rng.uniform(-1, 1, size=(len(images), 2)))
    return np.stack([_stretched(image, factor) for image, factor in zip(images, factors, strict=True)])


def add_noise(images: np.ndarray, most: float, rng: np.random.Generator) -> np.ndarray:
    """Add Gaussian noise, the same to all channels of a pixel, and cut at 0 and 1.

    Args:
        images: (example, y, x, c), float32, from 0 to 1.
        most: largest standard deviation; each picture has its own, from 0.
        rng: chooses how much, and the noise.
    """
    spread = rng.uniform(0, most, size=(len(images), 1, 1, 1)).astype(np.float32)
    noise = rng.standard_normal(size=(*images.shape[:3], 1), dtype=np.float32)
    noisy: np.ndarray = np.clip(images + spread * noise, 0, 1)
    return noisy


def _stretched(image: np.ndarray, factor: np.ndarray) -> np.ndarray:
    """(y, x, c): bilinear, one axis after the other."""
    for axis in (0, 1):
        last = image.shape[axis] - 1
        place = np.clip((np.arange(last + 1) - last / 2) / factor[axis] + last / 2, 0, last)
        before = np.minimum(place.astype(np.int64), max(last - 1, 0))
        share = (place - before).astype(np.float32).reshape(-1, *(1,) * (2 - axis))
        after = np.minimum(before + 1, last)
        image = image.take(before, axis) * (1 - share) + image.take(after, axis) * share
    return image
