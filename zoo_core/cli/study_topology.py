"""`zoo study topology`: how networks bear large global batches."""

from pathlib import Path
from typing import Any

import click

from zoo_core.cli.study_running import chosen, numbers
from zoo_core.cli.study_trainings import RULES, train_study, training_options, wanted

PRESETS: dict[str, dict[str, Any]] = {
    "default": {
        "topologies": "densenet121,resnet50,vgg16",
        "ranks": "1,4,16",
        "n_seeds": 3,
        "size_px": 32,
        "batch_size": 16,
        "n_epochs": 5,
        "n_patients": 600,
        "rule": "sqrt",
        "sharding": "partition",
        "learning_rate": 1e-3,
    },
    "smoke": {
        "topologies": "vgg16",
        "ranks": "1,2",
        "n_seeds": 2,
        "size_px": 32,
        "batch_size": 4,
        "n_epochs": 2,
        "n_patients": 40,
        "rule": "sqrt",
        "sharding": "partition",
        "learning_rate": 1e-3,
    },
}
"""What the study does where an option or --set is not given; smoke means nothing."""


@click.command()
@click.option(
    "--topologies", metavar="NAME,NAME", help="The first is the reference.  [default: densenet121,resnet50,vgg16]"
)
@click.option("--rule", type=click.Choice(RULES), help="Of the learning rate, with warm-up.  [default: sqrt]")
@click.option(
    "--sharding",
    type=click.Choice(["partition", "independent", "shard-local"]),
    help="Which examples a rank sees.  [default: partition]",
)
@training_options
def topology(preset: str, out: Path | None, as_json: bool, **given: Any) -> None:
    """Measure AUROC of topologies against the global batch, relative to the first of them and by finding.

    The batch of a rank is fixed: the global batch grows with the virtual ranks, and the learning rate by --rule.
    """
    from zoo_core.studies.topology.summary import schemes
    from zoo_core.studies.topology.writing import write_results
    from zoo_core.studies.training.grid import Grid, refuse_few_seeds
    from zoo_core.studies.training.subject import make_subject

    options = chosen(PRESETS, preset, given)
    topologies = tuple(dict.fromkeys(word.strip() for word in options["topologies"].split(",")))
    refuse_few_seeds(options["n_seeds"])
    order = schemes(topologies, numbers(options["ranks"]), options["sharding"], options["rule"])
    subject = make_subject(wanted(options, topologies), order)
    grid = Grid("topology", subject, order, options["n_seeds"])
    train_study(grid, out, as_json, lambda measured: write_results(subject, measured, order))
