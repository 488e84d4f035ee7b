"""`zoo study accuracy`: what training on many ranks costs in AUROC, and why."""

from pathlib import Path
from typing import Any

import click

from zoo_core.cli.study_running import chosen, numbers
from zoo_core.cli.study_trainings import RULES, train_study, training_options, wanted

PRESETS: dict[str, dict[str, Any]] = {
    "default": {
        "ranks": "1,8,64",
        "n_seeds": 3,
        "size_px": 32,
        "batch_size": 8,
        "n_epochs": 6,
        "n_patients": 1_000,
        "topology": "densenet121",
        "rule": "sqrt",
        "learning_rate": 3e-4,
    },
    "smoke": {
        "ranks": "1,2",
        "n_seeds": 2,
        "size_px": 32,
        "batch_size": 4,
        "n_epochs": 2,
        "n_patients": 40,
        "topology": "vgg16",
        "rule": "sqrt",
        "learning_rate": 3e-4,
    },
}
"""What the study does where an option or --set is not given; smoke means nothing."""


@click.command()
@click.option("--ablate", is_flag=True, help="Take the talk's scheme apart at the largest number of --ranks.")
@click.option("--topology", metavar="NAME", help="The network.  [default: densenet121]")
@click.option("--rule", type=click.Choice(RULES), help="Of the learning rate, with warm-up.  [default: sqrt]")
@training_options
def accuracy(ablate: bool, preset: str, out: Path | None, as_json: bool, **given: Any) -> None:
    """Measure AUROC against the number of virtual ranks, for each sharding, with intervals over patients and seeds.

    The batch of a rank is fixed: the global batch grows with the ranks, and the learning rate by --rule. With --ablate
    the causes are told apart: global batch, per-rank batch norm, learning-rate rule and sampling.
    """
    from zoo_core.studies.accuracy.plan import curves, effects, schemes_of
    from zoo_core.studies.accuracy.writing import write_curves, write_effects
    from zoo_core.studies.training.grid import Grid, refuse_few_seeds
    from zoo_core.studies.training.subject import make_subject

    options = chosen(PRESETS, preset, given)
    topology, rule, ranks = options["topology"], options["rule"], numbers(options["ranks"])
    refuse_few_seeds(options["n_seeds"])
    schemes = list(curves(topology, ranks, rule))
    causes = effects(topology, max(ranks), rule) if ablate else []
    schemes = schemes_of(causes) if ablate else schemes
    subject = make_subject(wanted(options, (topology,)), schemes)
    grid = Grid("accuracy", subject, schemes, options["n_seeds"])
    if ablate:
        train_study(grid, out, as_json, lambda measured: write_effects(subject, measured, causes))
    else:
        train_study(grid, out, as_json, lambda measured: write_curves(subject, measured, topology, rule))
