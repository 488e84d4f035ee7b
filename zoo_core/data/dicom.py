"""Reading one radiograph of a DICOM file: stored pixels to what a screen would show, one way for every adapter."""

from __future__ import annotations

import io
import warnings
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image, UnidentifiedImageError

from zoo_core.contract import ImageError, MachineError
from zoo_core.data.images import MAX_PIXELS

if TYPE_CHECKING:
    from pydicom import Dataset

DICOM_RANGE = (0, 65535)
"""Of what `read_dicom` returns: black and white."""

GREY = ("MONOCHROME1", "MONOCHROME2")
"""Photometric interpretations that are read; of the first, the smallest value is white."""

BITS = (8, 16)
"""Allocated for a pixel."""

HEADER_TAGS = ("PhotometricInterpretation", "Laterality", "ImageLaterality", "ViewPosition")


@dataclass(frozen=True)
class DicomHeader:
    """What a header says of how a picture was taken, and nothing of whom it shows.

    Attributes:
        photometric: `MONOCHROME1` (the smallest value is white) or `MONOCHROME2`.
        laterality: `L`, `R` or `B`; empty where it is not said.
        view_position: such as `PA`, `AP`, `LL`; empty where it is not said.
    """

    photometric: str
    laterality: str
    view_position: str


@dataclass(frozen=True)
class DicomImage:
    """A picture and what its header says.

    Attributes:
        image: (y, x, c) with one channel, uint16, 0 black to 65535 white.
        header: of the file.
        window: what decided which values are black and white: `VOI LUT`, `window`; where the header says neither,
            `stored range` of 8 bits and `own range` of more.
    """

    image: np.ndarray
    header: DicomHeader
    window: str

    @property
    def value_range(self) -> tuple[int, int]:
        """`DICOM_RANGE`, whatever the file."""
        return DICOM_RANGE


def read_dicom(path: Path) -> DicomImage:
    """Read a DICOM file of one grey picture as a screen would show it.

    Modality LUT or rescale first, then VOI LUT or else the first window, then MONOCHROME1 is turned over. The ends of
    the window become 0 and 65535 in every file: an adapter has to declare one type and one range for all its files, and
    16 bits lose none of the grey levels of a window, take half the room of float32, and make turning over exact. A file
    with neither VOI LUT nor window keeps its values where 8 bits are stored, which are made to be shown; of more bits
    its darkest and brightest pixel become black and white, as in viewers.

    Args:
        path: the file.
    Returns:
        The picture, and what the header says of how it was taken.
    Raises:
        ImageError: the file cannot be opened, is no DICOM, or holds no single grey picture of 8 to 16 bits; the text is
            the reason alone.
        MachineError: pydicom or a decoder is not installed.
    Source:
        DICOM PS3.3, C.11.1 (modality LUT), C.11.2 (VOI LUT), C.7.6.3.1.2 (photometric interpretation).
    """
    dataset = _dataset(path, None)
    _refuse_other_content(dataset)
    pixels, window = _windowed(_stored(dataset), dataset)
    header = _header(dataset)
    black, white = DICOM_RANGE
    shown = np.round(pixels * white).astype(np.uint16)
    if header.photometric == "MONOCHROME1":
        shown = white + black - shown
    return DicomImage(shown[:, :, np.newaxis], header, window)


def read_dicom_header(path: Path) -> DicomHeader:
    """What the header alone says: pixels are neither read nor decoded.

    Args:
        path: the file.
    Raises:
        ImageError: the file cannot be opened, or is no DICOM; the text is the reason alone.
        MachineError: pydicom is not installed.
    """
    return _header(_dataset(path, list(HEADER_TAGS)))


@cache
def _pydicom() -> Any:
    try:
        import pydicom
    except ImportError as error:
        raise MachineError(
            "DICOM files need pydicom and its decoders. Received: an environment without pydicom: install "
            "zoo-core[dicom]"
        ) from error
    # They name the file and values of the header, which may be a patient's.
    warnings.filterwarnings("ignore", module=r"pydicom\b")
    return pydicom


def _dataset(path: Path, tags: list[str] | None) -> Dataset:
    """A file's elements; those of `tags` alone where they are given."""
    pydicom = _pydicom()
    try:
        _refuse_deflated(pydicom.filereader.read_file_meta_info(path))
        dataset: Dataset = pydicom.dcmread(path, stop_before_pixels=bool(tags), specific_tags=tags)
    except OSError as error:
        raise ImageError(f"cannot be opened: {error.strerror or error}") from error
    except pydicom.errors.InvalidDicomError as error:
        raise ImageError("is no DICOM file: it lacks the word DICM") from error
    except Exception as error:  # of a damaged file pydicom raises whatever it stumbles over
        raise _damaged(error) from error
    return dataset


def _refuse_deflated(meta: Any) -> None:
    """The one form that is inflated whole before a limit can be looked at."""
    if "TransferSyntaxUID" in meta and meta.TransferSyntaxUID.is_deflated:
        raise ImageError("is deflated as a whole, which hides its size: store it in another transfer syntax")


def _header(dataset: Dataset) -> DicomHeader:
    laterality = dataset.get("ImageLaterality") or dataset.get("Laterality") or ""
    photometric, view = dataset.get("PhotometricInterpretation") or "", dataset.get("ViewPosition") or ""
    return DicomHeader(str(photometric).strip(), str(laterality).strip(), str(view).strip())


def _refuse_other_content(dataset: Dataset) -> None:
    reason = _other_content(dataset)
    if reason:
        raise ImageError(reason)


def _other_content(dataset: Dataset) -> str | None:
    """Why a file holds no single grey picture of 8 to 16 bits that can be decoded here; None where it does."""
    if "EncapsulatedDocument" in dataset:
        return f"holds a document ({dataset.get('MIMETypeOfEncapsulatedDocument') or 'of no kind'}), no picture"
    if "PixelData" not in dataset:
        return "holds no pixel data, or ends before them"
    if int(dataset.get("NumberOfFrames") or 1) != 1:
        return f"holds {dataset.NumberOfFrames} frames: one picture a file is read"
    photometric = _header(dataset).photometric
    if photometric not in GREY or dataset.get("SamplesPerPixel", 1) != 1:
        return f"is in colour ({photometric or 'no photometric interpretation'}): {' and '.join(GREY)} are read"
    if dataset.get("BitsAllocated") not in BITS:
        return f"has {dataset.get('BitsAllocated')} bits a pixel: 8 and 16 are read"
    n_pixels = int(dataset.get("Rows") or 0) * int(dataset.get("Columns") or 0)
    if not 0 < n_pixels <= MAX_PIXELS:
        return f"has {'no' if not n_pixels else f'more than {MAX_PIXELS:,}'} pixels"
    return None


def _stored(dataset: Dataset) -> np.ndarray:
    """(y, x), the pixels as they are stored."""
    from pydicom.pixels.decoders.base import get_decoder
    from pydicom.pixels.utils import pixel_array

    try:
        decoder = get_decoder(dataset.file_meta.TransferSyntaxUID)
    except (NotImplementedError, AttributeError) as error:
        raise ImageError("is stored in a transfer syntax that is unknown or holds no picture") from error
    if not decoder.is_available:
        raise MachineError(
            f"DICOM files in {decoder.UID.name} need a decoder. Received: an environment without one: install "
            "zoo-core[dicom]"
        )
    _refuse_another_size(dataset)
    try:
        return pixel_array(dataset)
    except Exception as error:  # each decoder raises its own
        raise _damaged(error) from error


def _refuse_another_size(dataset: Dataset) -> None:
    """A compressed picture has a size of its own, for which a decoder takes room whatever the header says."""
    from pydicom.encaps import generate_frames

    if not dataset.file_meta.TransferSyntaxUID.is_encapsulated:
        return
    try:
        frame = next(generate_frames(dataset.PixelData, number_of_frames=1))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            size = Image.open(io.BytesIO(frame)).size
    except UnidentifiedImageError:
        return  # JPEG-LS and RLE, which Pillow does not know
    except Exception as error:  # of a damaged file each raises its own
        raise _damaged(error) from error
    if size != (dataset.Columns, dataset.Rows):
        raise ImageError(f"is damaged: its picture has {size[0]} x {size[1]} pixels, and its header says another size")


def _windowed(stored: np.ndarray, dataset: Dataset) -> tuple[np.ndarray, str]:
    """(y, x), float64, 0 at the lower and 1 at the upper end of what is shown; and what decided it."""
    from pydicom.pixels.processing import apply_modality_lut, apply_voi_lut

    try:
        values = apply_modality_lut(stored, dataset)
        if dataset.get("VOILUTSequence"):
            # pydicom counts positions in integers as wide as the table's entries: 8 bits would wrap in a longer table.
            descriptor = dataset.VOILUTSequence[0].LUTDescriptor
            white = 2 ** descriptor[2] - 1
            descriptor[2] = 16
            return np.clip(apply_voi_lut(np.round(values).astype(np.int64), dataset) / white, 0, 1), "VOI LUT"
        if "WindowWidth" in dataset and "WindowCenter" in dataset:
            with np.errstate(over="ignore"):
                # What is far outside shows the ends, which are otherwise known to pydicom alone.
                low, high = apply_voi_lut(np.array([-1e30, 1e30]), dataset)
                return np.clip((apply_voi_lut(values, dataset) - low) / (high - low), 0, 1), "window"
        if dataset.BitsStored <= min(BITS):
            low, high = apply_modality_lut(_stored_range(dataset), dataset)
            return (values - low) / (high - low), "stored range"
    except Exception as error:  # a header may say anything
        raise ImageError(f"has a modality LUT, VOI LUT or window that cannot be applied: {_short(error)}") from error
    low, high = float(values.min()), float(values.max())
    return (values - low) / (high - low) if high > low else np.zeros(values.shape), "own range"


def _stored_range(dataset: Dataset) -> np.ndarray:
    """Smallest and largest value that can be stored."""
    n_values, first = 2**dataset.BitsStored, 2 ** (dataset.BitsStored - 1) if dataset.PixelRepresentation else 0
    return np.array([-first, n_values - 1 - first])


def _damaged(error: Exception) -> ImageError:
    return error if isinstance(error, ImageError) else ImageError(f"is damaged: {_short(error)}")


def _short(error: Exception) -> str:
    return " ".join(str(error).split())[:200] or type(error).__name__
