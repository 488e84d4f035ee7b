"""`zoo data`: a data set packed into a store that is read fast; its other verbs have files of their own."""

import dataclasses
import json
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from zoo_core.cli.data_check import check
from zoo_core.cli.verbs import OpenGroup

if TYPE_CHECKING:
    from zoo_core.data.packed.writing import Packed

# Of zoo_core.runtime.packing and zoo_core.data.packed.transform, which `--help` must not import: a test holds that they
# are the same.
DEFAULT_SHARD = 512
DTYPES = ("uint8", "uint16", "float32")

STORE = click.Path(path_type=Path)


@click.group(cls=OpenGroup, subcommand_metavar="VERB [ARGS]...")
def data() -> None:
    """Describe a table of images, check a data set, or pack one into a store that is read fast."""


data.add_command(check)


@data.command()
@click.argument("destination", metavar="DEST", type=STORE)
@click.option("--data", "source", required=True, metavar="NAME[=ROOT]", help="Data set, and where its files are.")
@click.option("--size", "size_px", required=True, type=int, metavar="PX", help="Length of y and x in the store.")
@click.option("--dtype", type=click.Choice(DTYPES), help="Of every array.  [default: each its own]")
@click.option(
    "--shard", default=DEFAULT_SHARD, metavar="N", show_default=True, help="Examples that are written as one file."
)
@click.option("--set", "assignments", multiple=True, metavar="KEY=VALUE", help="A setting data.KEY or split.KEY.")
@click.option("--json", "as_json", is_flag=True, help="One record instead of text.")
def pack(  # noqa: PLR0913 - one for each option
    destination: Path,
    source: str,
    size_px: int,
    dtype: str | None,
    shard: int,
    assignments: tuple[str, ...],
    as_json: bool,
) -> None:
    """Pack a data set into the folder DEST, laid out for its split; `zoo run TASK --data packed=DEST` reads it.

    Ended at any moment, the same command goes on; on a store that is complete it does nothing.
    """
    from zoo_core.data.packed.transform import Transform
    from zoo_core.runtime.packing import Form, choose_source
    from zoo_core.runtime.packing import pack as pack_into
    from zoo_core.runtime.settings import parse_data, parse_setting

    start = time.monotonic()
    chosen = choose_source([parse_data(source), *map(parse_setting, assignments)])
    packed = pack_into(*chosen, Form(Transform(size_px, dtype or ""), shard), destination)
    record = _record(destination, packed, time.monotonic() - start)
    click.echo(json.dumps(record, indent=2) if as_json else _as_text(record))


def _record(store: Path, packed: "Packed", seconds: float) -> dict[str, Any]:
    plan = packed.manifest.plan
    return {
        "store": str(store),
        "arrays": {spec.name: {"shape": spec.shape, "dtype": spec.dtype} for spec in plan.specs},
        "n_unreadable": packed.manifest.n_unreadable,
        "split": dataclasses.asdict(plan.split),
        "n_bytes": sum(file.n_bytes for file in packed.manifest.files.values()),
        "n_shards": packed.n_shards,
        "n_shards_written": packed.n_shards_written,
        "seconds": round(seconds, 2),
    }


def _as_text(record: dict[str, Any]) -> str:
    counts = ", ".join(f"{n} {part}" for part, n in record["split"]["n_examples"].items())
    written = record["n_shards_written"]
    done = f"{written} of {record['n_shards']} shards written in {record['seconds']:.1f} s" if written else "complete"
    lines = [
        f"{record['store']}: {done}, {record['n_bytes'] / 1e6:,.1f} MB, for split {record['split']['name']}: {counts}"
    ]
    if record["n_unreadable"]:
        lines.append(f"{record['n_unreadable']} could not be read: {record['store']}/unreadable.parquet says why")
    return "\n".join(lines)
