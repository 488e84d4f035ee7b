"""`zoo study`: many measurements that make one chart; a study is imported when it runs."""

import importlib

import click

STUDIES = {
    "scaling": ("zoo_core.cli.study_scaling:scaling", "What more ranks bring, and what an all-reduce costs."),
    "accuracy": ("zoo_core.cli.study_accuracy:accuracy", "What many ranks cost in AUROC, and which cause costs what."),
    "storage": ("zoo_core.cli.study_storage:storage", "What places and formats give a rank that reads images."),
    "topology": ("zoo_core.cli.study_topology:topology", "How networks bear large global batches, by finding."),
    "precision": ("zoo_core.cli.study_precision:precision", "How fast each precision answers, and what that costs."),
}
"""Module and name of each study's command, and one line for `zoo study --help`."""


class StudyGroup(click.Group):
    """Looks a study up when it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """In the table's order."""
        return list(STUDIES)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's
        """Import a study; None where there is none of this name."""
        if cmd_name not in STUDIES:
            return None
        module, _, name = STUDIES[cmd_name][0].partition(":")
        command: click.Command = getattr(importlib.import_module(module), name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - click's
        """From the table: help imports no study."""
        with formatter.section("Studies"):
            formatter.write_dl([(name, text) for name, (_, text) in STUDIES.items()])


@click.group(cls=StudyGroup, subcommand_metavar="STUDY [ARGS]...")
def study() -> None:
    """Measure a whole grid and draw it: CSV, charts and a page.

    Given the same --out again, a study measures only what is missing.
    """
