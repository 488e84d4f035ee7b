"""Where the time of a train step goes: what oneDNN itself measures of each primitive, in the zoo and in PyTorch.

python benchmarks/primitives.py
"""

import json
import os
import subprocess
from collections import Counter
from dataclasses import asdict
from typing import Any

import click
from training import competitor_commands, torch_environment

from zoo_core.runtime.machine import describe_machine

MARK, FIELD = "onednn_verbose", "exec"
N_STEPS = 3


@click.command()
@click.option("--topology", default="densenet121", show_default=True)
@click.option("--precision", default="float32", show_default=True)
@click.option("--size", "size_px", default=224, show_default=True, help="Side of the images.")
@click.option("--batch", "batch_size", default=16, show_default=True)
def primitives(topology: str, precision: str, size_px: int, batch_size: int) -> None:
    """Milliseconds of a step by primitive and direction, with the names of oneDNN's own kernels."""
    shape = [topology, precision, str(size_px), str(batch_size)]
    commands = competitor_commands(shape, torch_environment())
    report = {name: profile(commands[name]) for name in ("zoo", "torch")}
    click.echo(json.dumps({"shape": shape, **report, "machine": asdict(describe_machine())}, indent=2))


def profile(command: list[str]) -> dict[str, Any]:
    """Run some steps of a competitor and add up what oneDNN says of them; its saying so slows a step a little."""
    environment = {**os.environ, "ONEDNN_VERBOSE": "profile_exec"}
    process = subprocess.Popen(  # noqa: S603 - our own files
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=environment
    )
    read_until_record(process)  # warm-up, which is not counted
    process.stdin.write(f"{N_STEPS}\n")
    process.stdin.flush()
    lines, answer = read_until_record(process)
    process.stdin.close()
    process.wait()
    milliseconds: Counter[str] = Counter()
    for line in lines:
        name, spent = primitive_of(line)
        milliseconds[name] += spent / N_STEPS
    step_ms = 1000 * sum(answer["seconds"]) / len(answer["seconds"])
    return {
        "step_ms": round(step_ms),
        "in_primitives_ms": round(sum(milliseconds.values())),
        "primitives_ms": {name: round(spent) for name, spent in milliseconds.most_common() if spent >= 1},
    }


def read_until_record(process: "subprocess.Popen[str]") -> tuple[list[str], dict[str, Any]]:
    """Lines of oneDNN up to the next record of the competitor, and the record."""
    lines = []
    for line in process.stdout:
        if line.startswith("{"):
            return lines, json.loads(line)
        if line.startswith(MARK) and f",{FIELD}," in line:
            lines.append(line)
    raise click.ClickException(f"A competitor ended with exit code {process.wait()}")


def primitive_of(line: str) -> tuple[str, float]:
    """What a line of oneDNN is about, and its milliseconds.

    >>> primitive_of("onednn_verbose,v1,primitive,exec,cpu,convolution,jit:avx2,forward_training,src,,alg,dims,0.25")
    ('convolution forward_training jit:avx2', 0.25)
    """
    words = line.strip().split(",")
    kind, kernel, direction = words[words.index(FIELD) + 2 :][:3]
    return f"{kind} {direction} {kernel}", float(words[-1])


if __name__ == "__main__":
    primitives()
