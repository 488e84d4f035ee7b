"""TFRecord files of pictures: written here, read by `tf.data` as its users read them."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import google_crc32c
import numpy as np

FEATURE = "image"
INTERLEAVED = 4
"""Files that are read at a time."""

_MASK_DELTA = 0xA282EAD8


@dataclass(frozen=True)
class RecordReading:
    """How records are read.

    Attributes:
        shape: of each picture.
        batch_size: examples of a batch.
        shuffle_buffer: examples that are mixed: the format has no random access.
        n_threads: of `tf.data`; 0 for as many as it likes.
    """

    shape: tuple[int, ...]
    batch_size: int
    shuffle_buffer: int
    n_threads: int = 0


def write_records(path: Path, pictures: Iterable[np.ndarray]) -> None:
    """Write a file of one `tf.train.Example` a picture: its bytes, as the feature `image`."""
    # Written here and not by TensorFlow, which takes seconds to import and keeps its threads in the process.
    with path.open("wb") as file:
        for picture in pictures:
            _write_record(file, encode_example(picture.tobytes()))


def encode_example(content: bytes) -> bytes:
    """A `tf.train.Example` that has one feature of one byte string.

    Source:
        tensorflow/core/example/example.proto and feature.proto; the encoding of protocol buffers, wire type 2.
    """
    bytes_list = _field(1, content)
    feature = _field(1, bytes_list)
    entry = _field(1, FEATURE.encode()) + _field(2, feature)
    return _field(1, _field(1, entry))


def n_record_bytes(n_content_bytes: int) -> int:
    """Size of a record of a picture in its file."""
    return 16 + len(encode_example(bytes(n_content_bytes)))


def record_batches(paths: Sequence[Path], reading: RecordReading, seed: int) -> Callable[[], Iterator[np.ndarray]]:
    """An epoch of several files: shuffled, read in turn, mixed in a buffer and parsed by the batch.

    Args:
        paths: of the files.
        reading: how they are read.
        seed: of the epoch.
    Returns:
        Begins the epoch: (example, y, x, c) batches.
    """
    import tensorflow as tf

    feature = {FEATURE: tf.io.FixedLenFeature([], tf.string)}

    def parse(examples):  # type: ignore[no-untyped-def]  # traced by TensorFlow
        flat = tf.io.decode_raw(tf.io.parse_example(examples, feature)[FEATURE], tf.uint8)
        return tf.reshape(flat, (-1, *reading.shape))

    files = tf.data.Dataset.from_tensor_slices([str(path) for path in paths]).shuffle(len(paths), seed=seed)
    records = files.interleave(tf.data.TFRecordDataset, cycle_length=INTERLEAVED, num_parallel_calls=tf.data.AUTOTUNE)
    batches = records.shuffle(reading.shuffle_buffer, seed=seed).batch(reading.batch_size)
    batches = batches.map(parse, num_parallel_calls=tf.data.AUTOTUNE).prefetch(tf.data.AUTOTUNE)
    options = tf.data.Options()
    if reading.n_threads:
        options.threading.private_threadpool_size = reading.n_threads
    batches = batches.with_options(options)
    return lambda: batches.as_numpy_iterator()


def _write_record(file: BinaryIO, content: bytes) -> None:
    """Source: tensorflow/core/lib/io/record_writer.h: length, its masked checksum, content, its masked checksum."""
    length = len(content).to_bytes(8, "little")
    file.write(length + _masked_checksum(length) + content + _masked_checksum(content))


def _masked_checksum(content: bytes) -> bytes:
    crc: int = google_crc32c.value(content)
    masked = (((crc >> 15) | (crc << 17)) + _MASK_DELTA) & 0xFFFFFFFF
    return masked.to_bytes(4, "little")


def _field(number: int, content: bytes) -> bytes:
    return bytes([number << 3 | 2]) + _varint(len(content)) + content


def _varint(n: int) -> bytes:
    digits = []
    while n > 0x7F:
        digits.append(n & 0x7F | 0x80)
        n >>= 7
    return bytes([*digits, n])
