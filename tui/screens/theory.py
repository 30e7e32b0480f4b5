"""What theory says at the present place, and one gradient seen three ways."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from rich.cells import cell_len
from rich.text import Text
from textual.app import ComposeResult
from textual.screen import ModalScreen

from engine.catalog.losses import LOSSES
from engine.catalog.parameters import Values, direction, labels
from engine.support.cell_width import cut, left
from engine.support.translation import Translatable, in_words, tr, trn, trp
from engine.theory.equivalents import caveats, translations
from engine.training.snapshot import norm
from tui.overlay import Over
from tui.panels.reading import shapes
from tui.panels.training import last_batch_words
from tui.text.links import with_keys
from tui.text.numbers import number, rounded, significant
from tui.text.tables import side_by_side
from tui.text.wrap import Page, blocks_of

if TYPE_CHECKING:
    from engine.theory.study import Study  # brings torch, which comes after the first frame

MAX_HESSIAN_SIZE = 6
"""Most parameters whose Hessian is shown number by number."""
MAX_EIGENVALUES = 12
"""Most eigenvalues that are listed."""
AGREEMENT = 1e-6
"""Relative difference up to which several ways lead to the same numbers."""
CELL_WIDTH = 11
LONGEST_NAME = 14
"""Cells of a parameter's name."""
ROUNDING = 1e-14
"""The share of the largest entry of H below which another one is 0 but for rounding."""
TARGET_ERROR_SHARE = 1e-6
"""The share of the error that is left when a run is called done."""


class StudyScreen(ModalScreen[None], Over[None]):
    """A page of words and tables made from a study; it scrolls."""

    heading: Translatable

    def __init__(self, study: Study) -> None:
        super().__init__()
        self.study = study

    def compose(self) -> ComposeResult:
        """One text in a box."""
        page = Page(lambda width: blocks_of(self.text(width)))
        page.border_title = tr(self.heading)
        page.border_subtitle = with_keys(tr("↑ ↓ scroll · [b]esc[/b] close"))
        yield page

    def text(self, width: int) -> Text:
        """The page for a width in cells."""
        raise NotImplementedError


class TheoryScreen(StudyScreen):
    """Curvature, learning rates, closed form and gradient noise."""

    BINDINGS = [("escape,q,t,enter", "dismiss", "close")]
    heading: Translatable = "Theory"

    def text(self, width: int) -> Text:
        """A section for each question."""
        sections = (
            section(
                tr("Curvature"),
                tr(
                    "How fast the gradient changes, from the data alone. H holds the second "
                    "derivatives of the loss; each eigenvalue λ is the curvature along its "
                    "direction."
                ),
                curvature_lines(self.study, width),
            ),
            section(
                tr("Learning rates"),
                tr(
                    "Along the direction of λ a full-batch step leaves 1 − lr·λ of the error: "
                    "below 2/λmax every error shrinks, above it the steepest one grows."
                ),
                rate_lines(self.study, width),
            ),
            section(
                tr("The same path"),
                tr(
                    "What multiplies the loss multiplies every step, so the lr has to make up for "
                    "it: with these the parameters go the same way."
                ),
                path_lines(self.study, width),
            ),
            section(
                tr("Second derivatives"),
                tr(
                    "Autograd derives the gradient once more, for which the gradient's own graph "
                    "must be kept: create_graph=True. All of H costs a backward pass and a row of "
                    "p numbers for each of the p parameters, H·v only two passes."
                ),
                second_lines(self.study, width),
            ),
            section(
                tr("Closed form"),
                tr(
                    "Least squares, solved without training: where descent on a squared loss "
                    "ends. The noise floor is what pure noise costs."
                ),
                closed_form_lines(self.study, width),
            ),
            section(
                tr("Noise meter"),
                tr(
                    "How far the gradients of single samples scatter about their mean G at the "
                    "present place. Where the scatter of a minibatch exceeds ‖G‖² its steps are "
                    "noise."
                ),
                noise_lines(self.study, width),
            ),
        )
        return Text("\n\n").join(sections)


class XrayScreen(StudyScreen):
    """One gradient by autograd, by hand and by differences."""

    BINDINGS = [("escape,q,d,enter", "dismiss", "close")]
    heading: Translatable = "Gradient x-ray"

    def text(self, width: int) -> Text:
        """What it is a gradient of, the table, the verdict."""
        study, xray = self.study, self.study.xray
        loss = study.experiment.loss.entry
        formula = "X̃ᵀℓ′(r)/B"
        if not study.experiment.penalty.entry.is_zero:
            formula += " + penalty′(w)"
        by_hand = tr("by hand: {formula} for ℓ = {loss}", formula=formula, loss=loss.formula)
        if loss.derivative is None:
            by_hand = tr(
                "by hand: {formula} for ℓ = {loss}, ℓ′ by autograd, for this loss has no "
                "derivative written by hand",
                formula=formula,
                loss=loss.formula,
            )
        columns = {
            tr("autograd"): xray.autograd,
            tr("by hand"): xray.by_hand,
            tr("difference"): xray.by_difference,
        }
        cells = {
            head: [number(value) for _, value in labels(values)] for head, values in columns.items()
        }
        for head, gradient in (
            (tr("hand off"), xray.by_hand),
            (tr("diff. off"), xray.by_difference),
        ):
            cells[head] = [f"{off:+.0e}" if off else "0" for off in apart(gradient, xray.autograd)]
        off = max(xray.off_by_hand, xray.off_by_difference)
        lines = [
            *side_by_side(names(study), cells, width, CELL_WIDTH),
            verdict(tr("the three"), off),
            Text(),
            Text(shapes(study.experiment, study.minibatch_size)),
            Text(by_hand),
            Text(tr("difference: (f(θ + h) − f(θ − h))/2h, one parameter after the other")),
            Text(tr("off: distance from autograd; the verdict is its share of the largest entry")),
        ]
        about = tr(
            "Gradient of the minibatch of step {step} ({samples}) at the parameters after it, "
            "three ways. Where they part, one is wrong."
            if study.step
            else "Gradient of the first minibatch ({samples}) at the present parameters, three "
            "ways. Where they part, one is wrong.",
            samples=samples(study.minibatch_size),
            step=study.step,
        )
        return section(f"|grad| {number(norm(xray.autograd))}", about, lines)


def section(title: str, about: str, lines: Iterable[Text]) -> Text:
    """A title, what it is and how to read it, and the numbers."""
    head = Text.assemble((title, "bold"), "\n", (about, "dim"))
    return Text("\n").join([head, *lines])


def verdict(who: str, off: float) -> Text:
    """Whether several ways lead to the same numbers."""
    if off <= AGREEMENT:
        sentence = tr("{who} agree to {off:.0e}", who=who, off=off)
        return Text(sentence if off else tr("{who} agree exactly", who=who), style="bold")
    return Text(tr("{who} part by {off:.0e}", who=who, off=off), style="bold reverse")


def samples(count: int) -> str:
    """1 sample, 10 samples."""
    return trn("{n} sample", "{n} samples", n=count)


def apart(values: Values, reference: Values) -> list[float]:
    """Found − wanted for each number of the parameters."""
    return [a - b for name in reference for a, b in zip(values[name], reference[name], strict=True)]


# The sections ------------------------------------------------------------------------------------


def curvature_lines(study: Study, width: int) -> Iterator[Text]:
    """The Hessian, its eigenvalues and what they say of the valley."""
    curvature, p = study.curvature, len(study.labels)
    if p <= MAX_HESSIAN_SIZE:
        rounding = study.hessian.abs() < ROUNDING * study.hessian.abs().max()
        entries = study.hessian.masked_fill(rounding, 0.0).T.tolist()
        columns = {
            head: [number(value) for value in column]
            for head, column in zip(names(study), entries, strict=True)
        }
        yield from side_by_side(names(study), columns, width, CELL_WIDTH)
    else:
        yield Text(tr("H has {p}×{p} entries, too many to show", p=p))
    yield verdict(tr("formula and autograd"), study.autograd_apart)
    yield Text()
    yield Text(f"{'λ':>9}  {tr('along')}", style="dim")
    pairs = list(zip(curvature.eigenvalues.tolist(), study.headings, strict=True))
    for index, (value, heading) in enumerate(pairs):
        if len(pairs) > MAX_EIGENVALUES and MAX_EIGENVALUES - 2 <= index < len(pairs) - 1:
            if index == MAX_EIGENVALUES - 2:
                more = tr("{count} more", count=len(pairs) - MAX_EIGENVALUES + 1)
                yield Text(f"{'…':>9}  {more}")
            continue
        yield Text(f"{number(value):>9}  {direction(heading, study.labels)}")
    if not curvature.rank:
        yield Text(tr("no curvature here: the loss is flat or made of straight pieces"))
        return
    flat = p - curvature.rank
    shape = tr("a trough, flat along its floor") if flat else valley(curvature.condition)
    yield Text(f"κ = λmax/λmin = {number(curvature.condition)}: {shape}")
    if flat:
        rank = trn(
            "rank {rank} of {p}: {n} flat direction.",
            "rank {rank} of {p}: {n} flat directions.",
            n=flat,
            rank=curvature.rank,
            p=p,
        )
        meaning = tr(
            "The columns of the data depend on each other: along these every point is as good as "
            "another, and training keeps what it started with. λmin is the smallest above 0."
        )
        yield Text(f"{rank} {meaning}")
    else:
        rank = tr("rank {rank} of {p}: one minimum, no flat direction", rank=curvature.rank, p=p)
        yield Text(rank)


def valley(condition: float) -> str:
    """A condition number in words."""
    if condition < 3:
        return tr("a round bowl, every direction is learned alike")
    if condition < 30:
        return tr("a long bowl")
    return tr("a narrow valley, its floor is learned slowly")


def rate_lines(study: Study, width: int) -> Iterator[Text]:
    """The largest and the best learning rates, and what a step leaves of the error."""
    curvature = study.curvature
    limit = study.limit
    if curvature.rank:
        best, momentum = curvature.best_rate, curvature.best_momentum_rate
        names = [tr("limit 2/λmax"), tr("best"), tr("with momentum")]
        columns = {
            "lr": [
                number(lr)
                for lr in (curvature.critical_lr, curvature.best_lr, curvature.best_momentum_lr)
            ],
            tr("momentum"): ["–", "–", number(curvature.best_momentum)],
            trp("of the error", "left"): ["1", number(best), number(momentum)],
            tr("steps"): ["–", steps_for(best), steps_for(momentum)],
        }
        yield from side_by_side(names, columns, width, 9)
        yield Text(
            tr(
                "all for full batches; best: 2/(λmax + λmin); left: share of the error after a "
                "step; steps: until {target:g} is left",
                target=TARGET_ERROR_SHARE,
            ),
            style="dim",
        )
    if math.isinf(limit.lr):
        yield Text(in_words(limit.name))
    else:
        yield Text(
            tr(
                "limit here {limit} ({whose}); lr {lr:.4g} is {percent:.3g} % of it",
                limit=number(limit.lr),
                whose=limit.name,
                lr=rounded(study.experiment.lr),
                percent=rounded(100 * study.experiment.lr / limit.lr),
            )
        )
    if study.facts.remedy:
        yield Text(in_words(study.facts.remedy.words))


def path_lines(study: Study, width: int) -> Iterator[Text]:
    """The lr under each reduction, for the loss and for its half or double."""
    equivalents = translations(study.experiment)
    losses = list(dict.fromkeys(equivalent.loss for equivalent in equivalents))
    columns = {
        tr(LOSSES[loss].label): [
            significant(equivalent.lr, 4) for equivalent in equivalents if equivalent.loss == loss
        ]
        for loss in losses
    }
    reductions = list(dict.fromkeys(equivalent.reduction for equivalent in equivalents))
    cell = 2 + max(map(cell_len, columns))
    yield from side_by_side(reductions, columns, width, max(cell, CELL_WIDTH))
    for sentence in caveats(study.experiment):
        yield Text(in_words(sentence))
    experiment = study.experiment
    if experiment.last_batch:
        words = tr("short last batch: {words}", words=last_batch_words(experiment))
        yield Text(words, style="dim")


def second_lines(study: Study, width: int) -> Iterator[Text]:
    """What each way costs and how far it is off the formula."""
    tried = [way for way in study.second if not way.trouble]
    columns = {
        tr("passes"): [str(way.passes) for way in tried],
        tr("numbers"): [str(way.numbers) for way in tried],
        tr("off"): ["0" if not way.off else f"{way.off:.0e}" for way in tried],
        tr("bytes kept"): [str(way.graph_bytes) if way.graph_bytes else "–" for way in tried],
    }
    yield from side_by_side([tr(way.name) for way in tried], columns, width, 12)
    for way in study.second:
        if way.trouble:
            yield Text(tr("{way} alone fails: {trouble}", way=tr(way.name), trouble=way.trouble))
    yield Text(
        tr("Ask torch.autograd.grad: backward(create_graph=True) leaves a reference cycle behind."),
        style="dim",
    )


def names(study: Study) -> list[str]:
    """The parameters as they stand in tables."""
    return [cut(label, LONGEST_NAME) for label in study.labels]


def steps_for(rate: float) -> str:
    """How many steps bring the error down to the target, each leaving `rate` of it."""
    if rate <= 0:
        return "1"
    return str(math.ceil(math.log(TARGET_ERROR_SHARE) / math.log(rate))) if rate < 1 else "∞"


def closed_form_lines(study: Study, width: int) -> Iterator[Text]:
    """Least squares beside the present and the true values, and the losses."""
    facts = study.facts
    sources = {
        tr("now"): facts.original(study.params),
        tr("closed") if facts.has_closed_form else tr("best"): facts.original(facts.optimum),
        **({tr("true"): facts.original(facts.true)} if facts.true else {}),
    }
    columns = {
        head: [number(value) for _, value in labels(values)] for head, values in sources.items()
    }
    yield from side_by_side(names(study), columns, width, CELL_WIDTH)
    floor = facts.floor
    if floor.optimum is not None:
        yield Text(tr("smallest loss {loss}", loss=number(floor.optimum)))
    if floor.noise is not None:
        noise = number(floor.noise)
        yield Text(tr("noise floor {symbols} = {value}", symbols=floor.symbol, value=noise))


def noise_lines(study: Study, width: int) -> Iterator[Text]:
    """How noisy a minibatch's gradient is, and which size of it is worth its cost."""
    noise, size = study.noise, study.batch_size
    G = float(noise.mean.norm())
    rows = {
        "‖G‖²": (G * G, tr("the gradient over all the data, squared")),
        "tr Σ": (noise.trace, tr("variance of one sample's gradient")),
        tr("variance"): (
            study.gradient_variance,
            tr("of the gradient of a minibatch of {size}", size=size),
        ),
        "B_simple": (noise.simple_batch_size, "tr Σ/‖G‖²"),
    }
    for name, (value, about) in rows.items():
        yield Text.assemble(f"{left(name, 9)}{number(value):>9}  ", (about, "dim"))
    simple = noise.simple_batch_size
    if not simple <= noise.n:  # NaN where numbers overflow
        yield Text(
            tr(
                "even all {count} samples together are mostly noise: every larger batch helps",
                count=noise.n,
            )
        )
    else:
        enough = trn(
            "a larger batch stops helping at about {n} sample",
            "a larger batch stops helping at about {n} samples",
            n=max(1, round(simple)),
        )
        yield Text(enough)
    yield Text(
        tr("Near the optimum B_simple grows without end: G goes to 0 and the scatter stays."),
        style="dim",
    )
