"""`zoo data check`: every example of a data set read and looked at, or every file of a store compared."""

import dataclasses
import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from zoo_core import plugins
from zoo_core.contract import ConfigError, DataError

if TYPE_CHECKING:
    from zoo_core.runtime.data_check import DataReport

NOT_FIT = 1
"""Exit code where something has to be mended before training; a mistake of the user's has 2."""


@click.command()
@click.argument("subject", metavar="FILE.toml|NAME[=ROOT]|STORE")
@click.option("--set", "assignments", multiple=True, metavar="KEY=VALUE", help="A setting data.KEY or split.KEY.")
@click.option("--json", "as_json", is_flag=True, help="One record instead of text.")
def check(subject: str, assignments: tuple[str, ...], as_json: bool) -> None:
    """Read all of a data set and say what is wrong, what is odd, and whether it is fit to train on.

    The data set is described by a TOML file, or named as 'zoo run --data' names it. It is looked for files that are
    missing or unreadable; pictures that are there twice, of one value, or negatives of the others; what is not as it is
    declared; odd sizes and files; labels by part of the split, groups in two parts, and strata without a positive. Exit
    code 1 where something has to be mended first.

    Of a STORE that 'zoo data pack' wrote, every file is compared with what was written.
    """
    layer = _data_set(subject)
    if layer is None:
        if assignments:
            raise ConfigError(f"--set needs a data set to be checked. Received: '{subject}', a store: leave it out")
        _check_store(Path(subject), as_json)
        return
    from zoo_core.runtime.data_check import check_data
    from zoo_core.runtime.packing import choose_source
    from zoo_core.runtime.settings import parse_setting

    report = check_data(*choose_source([layer, *map(parse_setting, assignments)]))
    click.echo(json.dumps(_record(report), indent=2) if as_json else _as_text(report))
    if not report.is_fit:
        sys.exit(NOT_FIT)


def _data_set(subject: str) -> dict[str, Any] | None:
    """Settings of the data set that is meant; None where it is a store."""
    from zoo_core.runtime.data_check import named_adapter
    from zoo_core.runtime.settings import parse_data

    path = Path(subject)
    if path.suffix.lower() == ".toml":
        return {"data": {"name": named_adapter(path), "root": subject}}
    if path.is_dir():
        return None
    is_name = any((entry.kind, entry.name) == ("dataset", subject) for entry in plugins.find_entries())
    return parse_data(subject) if is_name or "=" in subject else None


def _check_store(store: Path, as_json: bool) -> None:
    from zoo_core.data.packed.checking import find_faults
    from zoo_core.data.packed.manifest import read_manifest
    from zoo_core.runtime.progress import Shown

    manifest = read_manifest(store)
    with Shown().meter("checking", len(manifest.files)) as meter:
        faults = find_faults(store, manifest, len(os.sched_getaffinity(0)), meter.advance)
    record = {
        "store": str(store),
        "n_files": len(manifest.files),
        "n_bytes": sum(file.n_bytes for file in manifest.files.values()),
        "faults": [dataclasses.asdict(one) for one in faults],
    }
    if as_json:
        click.echo(json.dumps(record, indent=2))
    if faults:
        named = "; ".join(f"{one.path}: {one.reason}" for one in faults[:3])
        more = f"; and {len(faults) - 3} more" if len(faults) > 3 else ""
        raise DataError(
            f"Store '{store}' needs to be as it was written. Received: {named}{more}: pack it again into another folder"
        )
    if not as_json:
        click.echo(f"{store}: {record['n_files']} files, {record['n_bytes']:,} bytes, all as they were written")


def _record(report: "DataReport") -> dict[str, Any]:
    return {**dataclasses.asdict(report), "is_fit": report.is_fit, "verdict": report.verdict}


def _as_text(report: "DataReport") -> str:
    from zoo_core.cli.table import columns, terminal_width

    parts = ", ".join(f"{n:,} {part}" for part, n in report.parts.items())
    split = f"split {report.split}" if report.split else "no split that holds"
    lines = [f"{report.data}: {report.title}", f"{split}: {parts}"]
    if report.labels:
        lines += ["", columns(_label_rows(report))]
    if report.findings:
        rows = [("fault" if finding.is_fault else "note", finding.kind, finding.text) for finding in report.findings]
        lines += ["", columns(rows, width=terminal_width())]
    return "\n".join([*lines, "", report.verdict])


def _label_rows(report: "DataReport") -> list[tuple[str, ...]]:
    """A line a label, and of each part how many are positive of how many known; of a value, how many are known."""
    by_label: dict[str, dict[str, str]] = {}
    for count in report.labels:
        text = f"{count.n:,}" if count.n_positive is None else f"{count.n_positive:,} of {count.n:,}"
        by_label.setdefault(count.label, {})[count.part] = text
    return [("LABEL", *map(str.upper, report.parts)), *((name, *cells.values()) for name, cells in by_label.items())]
