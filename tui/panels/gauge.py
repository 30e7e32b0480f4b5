"""How the learning rate stands to its limit, and how it changes during a run."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from rich.cells import cell_len
from textual.content import Content

from engine.experiment import KEYS, Experiment
from engine.support.translation import in_words, tr, trp
from engine.training.directions import crawls
from engine.training.snapshot import Snapshot
from tui.text.numbers import number, rounded, significant

if TYPE_CHECKING:
    from engine.theory.stability import Limit

BAR_WIDTH = 8
"""Most cells of the bar of the gauge."""
GAUGE_WIDTH = 14
"""Cells of the gauge: bar and word."""
CURVE_WIDTH = 14
"""Cells of the curve of the learning rate."""
NEAR, FAR_ABOVE = 0.9, 10
"""Shares of the limit: almost there, better said as a multiple."""
LEVELS = "▁▂▃▄▅▆▇█"
WAITING = Content.styled("…", "dim")


def knows(snapshot: Snapshot, experiment: Experiment) -> bool:
    """Whether what a snapshot says of the limit is true of an experiment: all but lr is equal."""
    run = snapshot.experiment
    same = all(getattr(run, key) == getattr(experiment, key) for key in KEYS if key != "lr")
    return same and snapshot.facts is not None


def lr_in_force(snapshot: Snapshot, experiment: Experiment) -> float:
    """The lr of the last step of a run that is under way; else the one that a start would have."""
    if snapshot.state in ("running", "paused") and snapshot.step:
        return experiment.lr * float(experiment.lr_factors(snapshot.step - 1, 1)[0])
    return experiment.lr


def verdict(share: float, slow: bool = False) -> tuple[str, str]:
    """A word for a share of the limit, and its colour; `slow` is a run too short for its lr.

    Below half of the limit every error falls without changing its sign (full batch: lr < 1/λmax).
    """
    if slow and share < 0.5:
        return tr("crawls"), "$text-warning"
    if share < 0.5:
        return tr("safe"), "$text-success"
    if share < NEAR:
        return tr("swings"), "$text-warning"
    if share < 1:
        return tr("near its limit"), "$text-warning"
    return trp("the limit", "above"), "$text-error"


def percent(share: float) -> str:
    """A share in percent, short: <0.1 %, 2.2 %, 107 %."""
    value = rounded(100 * share)
    if value < 0.05:
        return "<0.1 %"
    return f"{value:.1f} %" if value < 9.5 else f"{value:.0f} %"


def times(share: float) -> str:
    """How many times its limit a lr is: 20, 1500, 5e+07."""
    return f"{rounded(share):.0f}" if share < 9999.5 else f"{rounded(share):.2g}"


def gauge(lr: float, limit: Limit, slow: bool = False) -> tuple[str, Content]:
    """Label and words of the gauge: `2 % of 1.87` or `20 × its limit`, and a bar of it."""
    if math.isinf(limit.lr):
        return tr("no limit"), Content.styled(in_words(limit.name), "dim")
    share = lr / limit.lr
    word, color = verdict(share, slow)
    cells = max(0, min(BAR_WIDTH, GAUGE_WIDTH - cell_len(word) - 1))
    full = min(cells, max(1, round(share * cells)))
    bar = Content.assemble(
        ("▰" * full, color), ("▱" * (cells - full), "dim"), (" " if cells else ""), (word, color)
    )
    if share >= FAR_ABOVE:
        return tr("{times} × its limit", times=times(share)), bar
    at = significant(limit.lr, 3) if limit.lr >= 0.01 else number(limit.lr, digits=3)
    return tr("{share} of {limit}", share=percent(share), limit=at), bar


def limit_words(snapshot: Snapshot) -> str:
    """Whose limit the gauge shows, and how to read it; nothing before it is known."""
    if snapshot.facts is None:
        return ""
    limit, curvature = snapshot.facts.stability.limit, snapshot.facts.stability.curvature
    if math.isinf(limit.lr):
        return f"{in_words(limit.name)}."
    if limit.kind == "critical":
        sentence = tr("Limit 2/λmax = {critical:.3g}.", critical=rounded(curvature.critical_lr))
    else:
        sentence = tr(
            "Limit {limit:.3g} for {whose}; full batch 2/λmax = {critical:.3g}.",
            limit=rounded(limit.lr),
            whose=limit.name,
            critical=rounded(curvature.critical_lr),
        )
    if ways := offer(snapshot):
        return f"{sentence} {ways}."
    return f"{sentence} {tr('Above half of that it swings from side to side.')}"


def offer(snapshot: Snapshot) -> str:
    """What standardizing would save, where the lr is beyond its limit or crawls below it."""
    facts = snapshot.facts
    if facts is None or facts.remedy is None:
        return ""
    beyond = snapshot.lr >= facts.stability.limit.lr
    helps = beyond or crawls(facts, snapshot.experiment)
    return in_words(facts.remedy.words) if helps else ""


def curve(experiment: Experiment) -> Content:
    """The learning rate from the first step of a run to its last, its largest value at the top."""
    import numpy as np

    t = np.linspace(0, experiment.epochs, CURVE_WIDTH, endpoint=False)
    factors = experiment.lr_factors_at(t)
    heights = (factors / max(factors.max(), 1e-300) * (len(LEVELS) - 1)).round().astype(int)
    return Content.styled("".join(LEVELS[height] for height in heights.tolist()), "dim")
