"""A TOML file of what a table seems to say, with comments where that is not sure."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import tomlkit
from tomlkit.items import Table

from zoo_data_table.description import CardSection
from zoo_data_table.guessing.columns import BinaryGuess, ColumnGuesses
from zoo_data_table.guessing.pictures import PictureGuess
from zoo_data_table.guessing.places import Place
from zoo_data_table.lab_table import LabTable


@dataclass(frozen=True)
class Guesses:
    """Everything that a table seems to say.

    Attributes:
        table: the table.
        place: of its files.
        columns: what they seem to be.
        pictures: what the files seem to hold.
    """

    table: LabTable
    place: Place
    columns: ColumnGuesses
    pictures: PictureGuess

    @property
    def doubts(self) -> tuple[str, ...]:
        """What is not sure, a sentence each."""
        return tuple(self._doubts())

    def _doubts(self) -> Iterator[str]:
        place, columns = self.place, self.columns
        if not place.column:
            yield "no column seems to name files: set file.column"
        elif place.n_found < place.n_tried:
            yield f"{place.n_tried - place.n_found} of {place.n_tried} files that were tried are not there: see root"
        if not columns.group[0]:
            yield "no column seems to say whose images they are: images of one may lie in several parts of a split"
        elif not columns.group_by_name:
            yield f"'{columns.group[0]}' is taken for the group because its values come again: see [group]"
        if not columns.binary and not columns.classes:
            yield "no column seems to be a label: fill [labels]"
        uncertain = [guess.column for guess in columns.binary if guess.n_uncertain]
        if uncertain:
            yield f"-1 is in {', '.join(uncertain)} and taken as unknown: see labels"
        if self.pictures.mixed:
            yield "some files are grey and some in colour: see image.channels"
        if self.pictures.range:
            yield "which values are black and white is guessed from a few files: see image.range"
        if not self.pictures.n_seen:
            yield "no file could be looked at: see [image]"


def as_toml(guesses: Guesses, toml: Path) -> str:
    """The file's text.

    Args:
        guesses: to write down.
        toml: where the file will be: paths in it start from its folder.
    """
    document = tomlkit.document()
    document.add(tomlkit.comment(f"Written by 'zoo data init' from {guesses.table.path.name}. Read it, mend it, then:"))
    document.add(tomlkit.comment(f"  zoo data check {toml.name}"))
    for doubt in guesses.doubts:
        document.add(tomlkit.comment(f"NOT SURE: {doubt}"))
    document.add(tomlkit.nl())
    document.add("dataset", tomlkit.item("table"))
    document.add("table", tomlkit.item(_from(toml, guesses.table.path)))
    document.add("root", tomlkit.item(_from(toml, guesses.place.root)))
    document.add("file", _file(guesses.place))
    document.add("image", _image(guesses.pictures))
    if guesses.columns.group[0]:
        document.add("group", _group(guesses))
    if guesses.columns.split:
        document.add("split", _split(guesses.columns.split))
    document.add("labels", _labels(guesses))
    document.add("metadata", _metadata(guesses))
    document.add("card", _card(guesses.table.path.stem))
    return tomlkit.dumps(document)


def _from(toml: Path, path: Path) -> str:
    return Path(os.path.relpath(path, toml.parent)).as_posix()


def _file(place: Place) -> Table:
    section = tomlkit.table()
    section.add("column", place.column)
    if place.n_tried:
        section["column"].comment(f"{place.n_found} of {place.n_tried} files that were tried are there")
    if place.suffix:
        section.add("suffix", place.suffix)
    return section


def _image(pictures: PictureGuess) -> Table:
    section = tomlkit.table()
    section.add("channels", pictures.channels)
    section["channels"].comment(f"grey or rgb, as seen in {pictures.n_seen} files")
    section.add("bits", pictures.bits)
    section["bits"].comment("8 or 16; files of the other are scaled")
    if pictures.range:
        section.add("range", [float(f"{value:.6g}") for value in pictures.range])
        section["range"].comment("smallest and largest value in those files: set it to what black and white are")
    return section


def _group(guesses: Guesses) -> Table:
    column, name = guesses.columns.group
    n = guesses.table.said(column, "TABLE").nunique()
    section = tomlkit.table()
    section.add("column", column)
    section["column"].comment(
        f"{n:,} different in {len(guesses.table):,} rows; images of one stay in one part of a split"
    )
    section.add("name", name)
    return section


def _split(column: str) -> Table:
    section = tomlkit.table()
    section.add("column", column)
    section["column"].comment("without this section groups are parted by their hash")
    return section


def _labels(guesses: Guesses) -> Table:
    section = tomlkit.table()
    for guess in guesses.columns.binary:
        section.add(guess.column, _binary(guess))
        section[guess.column].comment(_counts(guess, len(guesses.table)))
    for column, words in guesses.columns.classes.items():
        value = tomlkit.inline_table()
        value.update({"column": column, "kind": "class", "classes": list(words)})
        section.add(column, value)
    if not section:
        section.add(tomlkit.comment('NAME = "COLUMN" for a column of 0 and 1'))
    return section


def _binary(guess: BinaryGuess) -> object:
    if not guess.n_uncertain:
        return tomlkit.item(guess.column)
    value = tomlkit.inline_table()
    value.update({"column": guess.column, "uncertain": "ignore"})
    return value


def _counts(guess: BinaryGuess, n: int) -> str:
    unknown = f", {guess.n_unknown:,} empty" if guess.n_unknown else ""
    uncertain = f", {guess.n_uncertain:,} of -1: ignore, zero or one" if guess.n_uncertain else ""
    return f"1 in {guess.n_positive:,} of {n:,}{unknown}{uncertain}"


def _metadata(guesses: Guesses) -> Table:
    section = tomlkit.table()
    for name, column in guesses.columns.metadata.items():
        section.add(name, column)
    if guesses.columns.left_out:
        section.add(tomlkit.comment('Left out; NAME = "COLUMN" takes one in. What stands here is in every run folder:'))
        section.add(tomlkit.comment(f"  {', '.join(guesses.columns.left_out)}"))
    if guesses.pictures.has_dicom:
        section.add(tomlkit.comment("Of DICOM headers, with a line [dicom] before it:"))
        section.add(tomlkit.comment('  metadata = ["view_position", "laterality", "photometric"]'))
    return section


def _card(title: str) -> Table:
    section = tomlkit.table()
    section.add(tomlkit.comment("What every report says of the data."))
    section.add("title", title)
    section.add("licence", CardSection().licence)
    section.add("citation", CardSection().citation)
    section.add("label_source", CardSection().label_source)
    return section
