import threading

import pytest

from zoo_core.data.reader import read_ahead


@pytest.mark.parametrize("n_threads", [1, 2, 5])
def test_batches_come_in_the_order_of_keys(n_threads):
    assert list(read_ahead(lambda key: key * 10, range(7), n_threads)) == [k * 10 for k in range(7)]


def test_the_next_batch_is_made_while_one_is_in_use():
    second_was_made = threading.Event()

    def make(key: int) -> int:
        if key == 1:
            second_was_made.set()
        return key

    reader = read_ahead(make, range(3), n_threads=1)
    assert next(reader) == 0
    assert second_was_made.wait(timeout=10)


def test_an_error_comes_out_at_its_batch_and_not_before():
    def make(key: int) -> int:
        if key == 2:
            raise ValueError("bad row")
        return key

    reader = read_ahead(make, range(5), n_threads=3)
    assert [next(reader), next(reader)] == [0, 1]
    with pytest.raises(ValueError, match="bad row"):
        next(reader)


def test_a_reader_that_is_left_early_leaves_no_thread():
    reader = read_ahead(lambda key: key, range(1000), n_threads=2)
    next(reader)
    reader.close()
    assert not [t for t in threading.enumerate() if t.name.startswith("zoo-reader")]
