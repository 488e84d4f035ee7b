"""What came of an import or a check, for a reader."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from zoo_data_plates.importing.importing import ImportReport
    from zoo_data_plates.plate_check import CheckReport

_N_NAMED = 12


def import_text(report: "ImportReport") -> str:
    """What an import did, and what is missing."""
    rows, columns = report.size
    what = f"{report.n_fields} fields of {report.n_pictures} pictures, {report.dtype}"
    channels = ", ".join(report.channels)
    lines = [f"{report.plate}: plate '{report.name}', {rows} x {columns} wells, {what}, channels {channels}"]
    if report.images_per_s is None:
        lines.append("complete: nothing was left to do")
    else:
        speed = f"{report.images_per_s:.1f} images/s"
        lines.append(f"{report.n_pictures_now} pictures read and written in {report.seconds:.1f} s, {speed}")
    gaps = report.gaps
    black = [f"{well} ({', '.join(names)})" for well, names in gaps.channels.items()]
    lists = (
        ("wells of the table without pictures", gaps.wells),
        ("wells with pictures that are not in the table", gaps.rows),
        ("wells with fewer fields than others", gaps.fields),
        ("wells with missing channels, which are black there", black),
        ("fields left out, as a picture cannot be read", [f"'{one.path}' {one.reason}" for one in report.damaged]),
    )
    lines += [f"missing: {len(names)} {what}: {_some(names)}" for what, names in lists if names]
    if report.samples:
        values = ", ".join(f"'{value}' ({n} wells)" for value, n in report.samples.items())
        lines.append(f"control roles taken for samples: {values}")
    ignored = ", ".join(f"{n} {_IGNORED[kind]}" for kind, n in report.n_ignored.items() if n)
    if ignored:
        lines.append(f"not imported: {ignored}")
    return "\n".join(lines)


_IGNORED = {
    "thumbnail": "thumbnails",
    "projection": "projections beside their stacks",
    "unmatched": "pictures of another name",
    "other": "files that are no pictures",
    "link": "links, to folders or out of the source",
}


def check_text(report: "CheckReport") -> str:
    """What a check found: problems, then notices, then the verdict."""
    sizes = ", ".join(f"{height} x {width} px" for height, width in report.sizes_px)
    lines = []
    if report.version:
        lines.append(
            f"plate '{report.plate}', OME-NGFF {report.version}: {report.n_wells} wells, {report.n_images} images "
            f"({', '.join(report.axes)}) of {sizes}, {report.dtype}, channels {', '.join(report.channels)}"
        )
    lines += [f"problem, {one.kind}: {one.where} {one.what}" for one in report.problems]
    lines += [f"notice, {one.kind}: {one.where} {one.what}" for one in report.notices]
    n = len(report.problems)
    lines.append("ok" if report.ok else f"{n} problem{'s' if n > 1 else ''} to mend")
    return "\n".join(lines)


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - _N_NAMED} more" if len(names) > _N_NAMED else ""
    return ", ".join(names[:_N_NAMED]) + more
