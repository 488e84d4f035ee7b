import numpy as np
import pytest

from zoo_core.contract import Rank
from zoo_core.studies.storage.formats import FORMATS, Shape, Share
from zoo_core.studies.storage.pictures import Pictures
from zoo_core.studies.storage.records import n_record_bytes, write_records

from .conftest import SHAPE


def read(name, folder, rank, seed):
    share = Share(folder, SHAPE, rank, n_threads=2)
    return list(FORMATS[name].epoch(share, seed)())


@pytest.mark.parametrize("n_ranks", [1, 3])
def test_ranks_together_read_every_picture_once_as_it_was_drawn(written, pictures, n_ranks):
    name, folder = written
    batches = [batch for rank in range(n_ranks) for batch in read(name, folder, Rank(rank, n_ranks), seed=1)]
    assert {batch.dtype for batch in batches} == {np.dtype(np.uint8)}
    assert {batch.shape[1:] for batch in batches} == {(5, 5, 1)}
    got = sorted(picture.tobytes() for batch in batches for picture in batch)
    assert got == sorted(pictures.pixels(i).tobytes() for i in range(SHAPE.n_images))


def test_another_seed_is_another_order(written):
    name, folder = written
    first, second = (np.concatenate(read(name, folder, Rank(), seed)) for seed in (0, 1))
    assert not np.array_equal(first, second)


def test_the_room_that_is_asked_for_is_enough_for_what_is_written(written):
    name, folder = written
    paths = [path for path in folder.rglob("*") if path.is_file()]
    on_disk = sum(512 * path.stat().st_blocks for path in FORMATS[name].files(folder))
    assert sum(path.stat().st_size for path in paths) <= FORMATS[name].n_bytes(SHAPE) + 8192
    assert on_disk <= FORMATS[name].n_bytes(SHAPE)


def test_the_room_for_large_noise_is_enough_too(tmp_path):
    pictures = Pictures(tmp_path, 1, 300)
    pictures.write()
    assert pictures.paths[0].stat().st_size <= FORMATS["png"].n_bytes(Shape(1, 300, 1))


def test_a_record_is_an_example_as_tensorflow_reads_it(tmp_path):
    import tensorflow as tf

    picture = np.arange(200, dtype=np.uint8).reshape(10, 20)
    write_records(tmp_path / "a.tfrecord", [picture, picture[::-1]])
    first, second = tf.data.TFRecordDataset(str(tmp_path / "a.tfrecord")).as_numpy_iterator()
    (content,) = tf.train.Example.FromString(first).features.feature["image"].bytes_list.value
    assert content == picture.tobytes()
    assert second != first
    assert (tmp_path / "a.tfrecord").stat().st_size == 2 * n_record_bytes(picture.nbytes)
