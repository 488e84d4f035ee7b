"""Packs N examples and prints the process's peak memory in bytes.

Usage: pack_and_measure.py FOLDER N
"""

import resource
import sys
from dataclasses import replace
from pathlib import Path

from conftest import IMAGE, Lab, packer

SIZE_PX, ROWS_PER_SHARD = 200, 32


def main(folder: Path, n: int) -> None:
    lab = Lab(n=n, specs=(replace(IMAGE, shape=(SIZE_PX, SIZE_PX, 1)),))
    packer(lab, folder, size_px=SIZE_PX, rows_per_shard=ROWS_PER_SHARD).pack(lambda _: None)
    sys.stdout.write(str(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
