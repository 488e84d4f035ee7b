"""Train steps of PyTorch, channels last; told and read by `training.py`, in an environment of its own.

python benchmarks/competitors/torch_steps.py TOPOLOGY PRECISION SIZE_PX BATCH_SIZE N_THREADS
"""

import sys
from collections.abc import Callable

import torch
import torch_networks
from answering import answer


def main(topology: str, precision: str, size_px: int, batch_size: int, n_threads: int) -> None:
    """Answer each line of standard input by measured steps."""
    torch.set_num_threads(n_threads)
    torch.manual_seed(0)
    model = getattr(torch_networks, topology)().to(memory_format=torch.channels_last).train()
    optimizer = torch.optim.Adam(model.parameters(), 1e-3)
    n_parameters = sum(p.numel() for p in model.parameters())
    answer(_step(model, optimizer, precision, (batch_size, size_px)), n_parameters, f"torch {torch.__version__}")


def _step(
    model: torch.nn.Module, optimizer: torch.optim.Optimizer, precision: str, shape: tuple[int, int]
) -> Callable[[], float]:
    batch_size, size_px = shape
    images = torch.rand(batch_size, 3, size_px, size_px).to(memory_format=torch.channels_last)
    targets = (torch.rand(batch_size, torch_networks.N_LABELS) < 0.1).float()

    def step() -> float:
        optimizer.zero_grad(set_to_none=True)
        with torch.autocast("cpu", torch.bfloat16, enabled=precision == "bfloat16"):
            outputs = model(images)
        loss = torch.nn.functional.binary_cross_entropy_with_logits(outputs, targets)
        loss.backward()
        optimizer.step()
        return loss.item()

    return step


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], *map(int, sys.argv[3:]))
