"""The keys of an experiment that hold a plain value."""

from __future__ import annotations

from enum import StrEnum

from engine.catalog.param import Flag, Number, Param, Text, Whole

LOOPS = ("scratch", "concise", "fast")
"""Who can take the steps."""


class Reduction(StrEnum):
    """How the losses of a minibatch become the number whose gradient a step follows."""

    SUM = "sum"
    """They are added, and SGD divides by batch_size, also where the minibatch is short."""
    MEAN = "mean"
    """They are averaged over the samples that the minibatch has."""
    TOTAL = "total"
    """They are added, and nothing divides them."""

    def divisor(self, batch_size: int, samples: int) -> int:
        """What the sum over a minibatch of so many samples is divided by."""
        match self:
            case Reduction.SUM:
                return batch_size
            case Reduction.MEAN:
                return samples
            case Reduction.TOTAL:
                return 1

    def divisors(self, batch_size: int, n: int) -> tuple[int, int]:
        """The divisor of the whole minibatches of n samples, and of a short last one."""
        last = n % batch_size or batch_size
        return self.divisor(batch_size, min(batch_size, n)), self.divisor(batch_size, last)


SETTINGS: dict[str, Param] = {
    param.name: param
    for param in (
        Text(
            "loop",
            "scratch",
            "Who takes the steps.",
            "Same minibatches and same numbers in all of them.",
            choices=LOOPS,
            about=(
                "The loop written out, as in §3.2: data iterator, autograd, SGD by hand.",
                "PyTorch's own parts, as in §3.3: nn.Linear, DataLoader, torch.optim.",
                "The same steps compiled: what is left when Python is out of the way.",
            ),
        ),
        Number(
            "lr",
            0.03,
            "Learning rate: the size of each step against the gradient.",
            "The one setting that most often decides between success and failure.",
            "Too large: the loss grows. Too small: it crawls.",
            low=0.0,
            above=True,
            high=1e6,
        ),
        Whole(
            "batch_size",
            10,
            "How many samples each gradient is averaged over.",
            "More samples: a calmer gradient, but fewer steps in an epoch.",
            "1: noisy steps. As large as n: plain gradient descent.",
            low=1,
            high=10_000_000,
        ),
        Whole(
            "epochs",
            3,
            "How often training goes through the whole data set.",
            "Each epoch shuffles anew and uses every sample once.",
            "Few: still learning at the end. Many: it stays at the noise floor.",
            low=1,
            high=100_000_000,
            digits=(1, 2, 3, 5),
        ),
        Flag(
            "drop_last",
            False,
            "Whether a short last minibatch is left out, as DataLoader's drop_last does.",
            "Every step is then averaged over the same number of samples.",
            "true: each epoch misses a few samples, other ones each time.",
        ),
        Text(
            "reduction",
            "sum",
            "sum: add the losses, SGD divides by batch_size. mean: average them. total: only add.",
            "sum and mean are the same steps, except for a short last batch.",
            "mean gives each sample of a short last batch more weight; total needs a smaller lr.",
            choices=tuple(reduction.value for reduction in Reduction),
            about=(
                "Losses are added, SGD divides by batch_size, also where the batch is short.",
                "Losses are averaged over the samples that the batch has.",
                "Losses are added and nothing divides them: batch_size times the steps of mean.",
            ),
        ),
        Flag(
            "reshape",
            True,
            "Whether y is brought into the shape of ŷ before they are subtracted.",
            "(B, 1) − (B,) is (B, B) to PyTorch: every label against every estimate.",
            "false: w comes out about batch_size times too small, and nothing complains.",
        ),
        Flag(
            "shuffle",
            True,
            "Whether each epoch goes through the samples in a new order, as DataLoader's shuffle.",
            "In an order of their own, neighbours are alike and minibatches lean to one side.",
            "false on sorted data: the last minibatches of each epoch have the last word.",
        ),
        Text(
            "standardize",
            "auto",
            "Whether each column is brought to mean 0 and deviation 1 before training.",
            "Columns of one size make a round valley: large steps are safe along all of them.",
            "no on columns of different sizes: the largest one decides how small lr must be.",
            choices=("auto", "yes", "no"),
            about=(
                "Files are standardized, what is drawn is not.",
                "By the training rows alone; values are shown in the units of the data.",
                "The numbers as they are.",
            ),
        ),
        Number(
            "validation_split",
            0.0,
            "Share of the samples that training never sees.",
            "Their loss shows whether what was learned holds for new data.",
            "0: none are held out. Large: few are left to learn from.",
            low=0.0,
            high=0.9,
        ),
        Whole(
            "patience",
            0,
            "Early stopping: epochs without a better loss until the run ends; 0: never.",
            "It watches the validation loss, or the training loss where nothing is held out.",
            "Small: one unlucky epoch ends the run.",
            low=0,
            high=1_000_000,
        ),
        Whole(
            "seed",
            7,
            "Start of every random number: data, first weights, shuffling.",
            "The same seed gives the same run again, number for number.",
            "Try a few: one run is not the truth.",
            low=0,
            high=2**63 - 1,
            digits=(),
        ),
        Text(
            "device",
            "auto",
            "Where the tensors live: auto, cpu, cuda, cuda:N or mps.",
            "auto takes a GPU if there is one.",
            "For data this small the CPU is the faster one.",
            pattern=r"auto|cpu|mps|cuda(:\d{1,3})?",
            examples=("auto", "cpu", "cuda", "cuda:N", "mps"),
        ),
    )
}
"""The keys that hold a plain value."""
