"""One image on disk: the arrays of all its levels and where their pixels lie.

Source: OME-NGFF 0.5, https://ngff.openmicroscopy.org/0.5/, sections "multiscales" and "omero".
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from zoo_data_plates.ngff.design import Channel, PlateDesign

if TYPE_CHECKING:
    import zarr

MAX_CHUNK_PX = 1024
"""Longest side of a chunk: whole planes of most cameras, so that a field is read in few pieces."""
_LEVEL = 1  # of zstd: more of it packs the noise of a camera hardly better, at several times the time


def write_levels(
    folder: Path, name: str, levels: Sequence[np.ndarray], axes: Sequence[str], design: PlateDesign
) -> zarr.Group:
    """Write the levels of an image or of labels into a new group, and what they are.

    Args:
        folder: of the group; not there yet.
        name: of the image.
        levels: the largest first, axes `axes`.
        axes: of each level.
        design: the plate's.
    Returns:
        The group, to which `omero` or `image-label` may be added.
    """
    import zarr
    from ome_zarr.writer import write_multiscales_metadata

    group = zarr.open_group(folder, mode="w", zarr_format=3)
    for number, level in enumerate(levels):
        _write_array(folder / str(number), level, axes)
    datasets = [
        {"path": str(number), "coordinateTransformations": _transformations(number, axes, design)}
        for number in range(len(levels))
    ]
    write_multiscales_metadata(group, datasets, axes=_axes(axes, design), name=name)
    return group


def _write_array(folder: Path, level: np.ndarray, axes: Sequence[str]) -> None:
    """One shard of chunks, each with a checksum; by tensorstore, which takes a third of the time that zarr takes."""
    import tensorstore

    try:
        array = tensorstore.open(_spec(folder, level, axes), create=True, context=_context()).result()
        array.write(level).result()
    except (ValueError, RuntimeError) as error:  # what tensorstore raises where a folder or a disk is in the way
        raise OSError(str(error).splitlines()[0]) from error


@cache
def _context() -> Any:
    """Nothing is kept in memory, or waited for until the disk has it: a field takes its name after it is written."""
    import tensorstore

    return tensorstore.Context({"cache_pool": {"total_bytes_limit": 0}, "file_io_sync": False})


def _spec(folder: Path, level: np.ndarray, axes: Sequence[str]) -> dict[str, Any]:
    """The array, as tensorstore takes it."""
    tiles = tuple(math.ceil(side / MAX_CHUNK_PX) for side in level.shape[-2:])
    chunk = tuple(math.ceil(side / n) for side, n in zip(level.shape[-2:], tiles, strict=True))
    shard = [*level.shape[:-2], *(side * n for side, n in zip(chunk, tiles, strict=True))]
    endian = {"name": "bytes", "configuration": {"endian": "little"}}
    codecs = [endian, {"name": "zstd", "configuration": {"level": _LEVEL, "checksum": True}}]
    sharding = {
        "chunk_shape": [1] * (level.ndim - 2) + list(chunk),
        "codecs": codecs,
        "index_codecs": [endian, {"name": "crc32c"}],
    }
    return {
        "driver": "zarr3",
        "kvstore": {"driver": "file", "path": str(folder)},
        # A chunk that is all zero is written too: what is missing is then damage, and never a black image.
        "store_data_equal_to_fill_value": True,
        "metadata": {
            "shape": list(level.shape),
            "data_type": level.dtype.name,
            "fill_value": 0,
            "dimension_names": list(axes),
            "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": shard}},
            "codecs": [{"name": "sharding_indexed", "configuration": sharding}],
        },
    }


def _axes(axes: Sequence[str], design: PlateDesign) -> list[dict[str, str]]:
    kinds = {"t": "time", "c": "channel", "z": "space", "y": "space", "x": "space"}
    units = {"t": "hour"}
    if design.pixel_size_um is not None:
        units |= {"y": "micrometer", "x": "micrometer"}
    return [{"name": axis, "type": kinds[axis]} | ({"unit": units[axis]} if axis in units else {}) for axis in axes]


def _transformations(number: int, axes: Sequence[str], design: PlateDesign) -> list[dict[str, Any]]:
    """Scale of a level and, of a smaller one, how far the middle of its first pixel lies from the original's."""
    size = design.pixel_size_um or 1.0
    # NGFF knows only times of equal distance: the mean stands here, each image's own time in the plate's index.
    step_h = float(np.mean(np.diff(design.times_h))) if len(design.times_h) > 1 else 1.0
    scale = {"t": step_h, "y": size * 2**number, "x": size * 2**number}
    shift = size * (2**number - 1) / 2
    steps: list[dict[str, Any]] = [{"type": "scale", "scale": [scale.get(axis, 1.0) for axis in axes]}]
    if number:
        steps.append({"type": "translation", "translation": [shift if axis in "yx" else 0.0 for axis in axes]})
    return steps


def omero_channels(design: PlateDesign) -> list[dict[str, Any]]:
    """Name, color and full window of each channel, as `omero` takes them."""
    return [_omero_channel(design, channel) for channel in design.channels]


def _omero_channel(design: PlateDesign, channel: Channel) -> dict[str, Any]:
    low, high = design.full_range
    start, end = channel.window or (low, high)
    window = {"min": low, "max": high, "start": start, "end": end}
    return {"label": channel.name, "color": channel.color, "window": window, "active": True}
