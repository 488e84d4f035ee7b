"""Packs in a process that is killed at random moments and started again, until the store is complete.

A moment is a read of the source, or one at which something is put on the disk for good: so the packer is met in every
phase of its work, however fast the machine is.

Usage: pack_and_be_killed.py FOLDER SEED; prints JSON: how often it was killed, and how many examples were read in all.
"""

import json
import os
import signal
import sys
from pathlib import Path

import numpy as np

from conftest import Lab, packer

N, ROWS_PER_SHARD = 120, 3
MOST_MOMENTS = 40
MOST_KILLS = 100


def pack(folder: Path, pipe: int) -> None:
    def told(moment, work):
        def tell_and_work(*arguments):
            os.write(pipe, moment)
            return work(*arguments)

        return tell_and_work

    lab = Lab(n=N)
    lab.read, os.fsync = told(b"r", lab.read), told(b"f", os.fsync)
    packer(lab, folder, rows_per_shard=ROWS_PER_SHARD).pack(lambda _: None)


def killed_after(folder: Path, n_moments: int) -> tuple[bool, bytes]:
    """Whether the store was complete before the kill, and the moments that there were."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        pack(folder, writer)
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader, "rb", buffering=0) as pipe:
        moments = b""
        while len(moments) < n_moments and (moment := pipe.read(1)):
            moments += moment
        os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
        return os.WIFEXITED(status), moments + pipe.read()


def main(folder: Path, seed: int) -> None:
    rng = np.random.default_rng(seed)
    n_kills, n_reads, complete = 0, 0, False
    while not complete and n_kills < MOST_KILLS:
        complete, moments = killed_after(folder, int(rng.integers(1, MOST_MOMENTS)))
        n_kills, n_reads = n_kills + (not complete), n_reads + moments.count(b"r")
    json.dump({"n_kills": n_kills, "n_reads": n_reads, "complete": complete}, sys.stdout)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
