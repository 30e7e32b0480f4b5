"""Work that is done again and again on the same tensors: on CUDA one graph, launched as a whole.

A step is a dozen operations on a few numbers, of which a GPU needs longer to begin one than to do
it; those of a graph it begins by itself.
"""

from __future__ import annotations

from collections.abc import Callable

import torch

Work = Callable[[], None]


def repeated(work: Work, device: torch.device) -> Work:
    """Work as it is best done many times.

    It reads and writes tensors that stay where they are, reads nothing back, and chooses nothing by
    a number in them.
    """
    return Graph(work) if device.type == "cuda" else work


class Graph:
    """Work on the current CUDA device: done as it stands the first time, then as a graph."""

    def __init__(self, work: Work) -> None:
        self.work = work
        self.is_warm = False
        self.graph: torch.cuda.CUDAGraph | None = None

    def __call__(self) -> None:
        """Do the work."""
        if not self.is_warm:
            # Libraries set themselves up, on a stream aside, as a capture demands of what follows.
            aside = torch.cuda.Stream()
            aside.wait_stream(torch.cuda.current_stream())
            with torch.cuda.stream(aside):
                self.work()
            torch.cuda.current_stream().wait_stream(aside)
            self.is_warm = True
            return
        if self.graph is None:
            self.graph = torch.cuda.CUDAGraph()
            with torch.cuda.graph(self.graph):  # takes the work down, and does none of it
                self.work()
        self.graph.replay()


def step_count(device: torch.device, steps: int = 0) -> torch.Tensor | int:
    """Steps taken, as a formula of the catalog takes them and `+= 1` counts them inside of work.

    A graph needs it on the device, and 1 − β₂ᵗ is so small that it needs float64.
    """
    if device.type == "cuda":
        return torch.tensor(float(steps), dtype=torch.float64, device=device)
    return steps
