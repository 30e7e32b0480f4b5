"""`linreg-tui theory`: what can be known of an experiment without training it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from engine.catalog.parameters import Values, direction, flat
from engine.cli.common import takes_experiment
from engine.cli.output import busy_with, say
from engine.experiment import Experiment
from engine.support.cell_width import left
from engine.support.plain_json import finite
from engine.support.translation import in_words, tr
from engine.theory.equivalents import caveats, translations
from engine.theory.floor import Floor

if TYPE_CHECKING:
    from engine.theory.second_derivatives import Method
    from engine.theory.study import Study


MOST_SHOWN = 20
"""Most parameters whose matrices are printed unasked."""
MOST_EPOCHS = 5
"""Most epochs of which the expected loss is printed for people."""


@click.command("theory")
@takes_experiment
@click.option("--full", is_flag=True, help="Matrices of more than 20 parameters too.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def theory(experiment: Experiment, full: bool, as_json: bool) -> int:
    """Print curvature, learning-rate limits, closed form and gradient noise of an experiment.

    Everything is worked out from its data: the Hessian at the closed form, the gradient noise at
    the start of training.
    """
    from engine.problem import build
    from engine.theory.gather import facts
    from engine.theory.study import study

    with busy_with(tr("drawing the data and working out the theory")):
        prior = facts(build(experiment))
        start, best = (study(experiment, prior, at) for at in (prior.start, prior.optimum))
    whole = full or len(best.labels) <= MOST_SHOWN
    if as_json:
        say(json.dumps(finite(as_dict(start, best, whole)), allow_nan=False))
    else:
        say("\n".join(lines(start, best, whole)))
    return 0


def as_dict(start: Study, best: Study, whole: bool) -> dict[str, Any]:
    """Theory as plain values; matrices, where `whole`, are rows in the order of `parameters`.

    Closed form and best are over the data as they are; all else is of what training sees, which is
    `standardized` or not.
    """
    curvature, facts = best.curvature, best.facts
    optimum = facts.original(facts.optimum)
    return {
        "parameters": best.labels,
        "standardized": facts.scaling is not None,
        "closed_form": optimum if facts.has_closed_form else {},
        "best": optimum,
        "optimum": facts.floor.optimum,
        "noise_floor": facts.floor.noise,
        "hessian": best.hessian.tolist() if whole else None,
        "hessian_autograd_difference": best.autograd_apart,
        "eigenvalues": curvature.eigenvalues.tolist(),
        "eigenvectors": curvature.eigenvectors.T.tolist() if whole else None,
        "rank": curvature.rank,
        "condition_number": curvature.condition,
        "critical_lr": curvature.critical_lr,
        "best_lr": curvature.best_lr,
        "best_rate": curvature.best_rate,
        "best_momentum_lr": curvature.best_momentum_lr,
        "best_momentum": curvature.best_momentum,
        "best_momentum_rate": curvature.best_momentum_rate,
        "limit": {"lr": best.limit.lr, "kind": best.limit.kind, "name": best.limit.name},
        "remedy": facts.remedy and asdict(facts.remedy),
        "expected_losses": dict(zip(*expected(best), strict=True)),
        "gradient": start.noise.mean.tolist(),
        "gradient_variance": start.gradient_variance,
        "b_simple": start.noise.simple_batch_size,
        "b_simple_at_optimum": best.noise.simple_batch_size,
        "same_path": [asdict(same) for same in translations(best.experiment)],
        "same_path_caveats": caveats(best.experiment),
        "second_derivatives": [asdict(method) for method in best.second],
    }


def lines(start: Study, best: Study, whole: bool) -> list[str]:
    """Theory for people."""
    facts = best.facts
    closed = facts.has_closed_form
    size = max(len(label) for label in best.labels)
    rows = zip(best.labels, best.hessian.tolist(), strict=True) if whole else ()
    p = len(best.labels)
    unshown = [] if whole else ["  " + tr("{p}×{p} numbers; --full prints them", p=p)]
    return [
        line(
            tr("closed form") if closed else tr("optimum"),
            named(facts.original(facts.optimum), best.labels if facts.scaling else ()),
        ),
        *([tr("standardized columns, as training sees them")] if facts.scaling else []),
        line(
            tr("its loss"),
            floor_text(facts.floor),
        ),
        tr("Hessian at the closed form") if closed else tr("Hessian at the optimum"),
        *(f"  {label:<{size}}" + "".join(f"{x:>12.4g}" for x in row) for label, row in rows),
        *unshown,
        "  " + tr("by autograd: off by {off:.1g}", off=best.autograd_apart),
        *rates(best),
        line(tr("limit here"), f"{best.limit.lr:.4g} ({in_words(best.limit.name)})"),
        *([line(tr("cost"), in_words(facts.remedy.words))] if facts.remedy else []),
        line(tr("expected loss"), expected_text(best)),
        line(
            tr("gradient variance"),
            tr(
                "{variance:.4g} at the start, minibatches of {size}",
                variance=start.gradient_variance,
                size=start.batch_size,
            ),
        ),
        line(
            "B_simple",
            tr(
                "{start:.4g} at the start, {best:.4g} at the optimum",
                start=start.noise.simple_batch_size,
                best=best.noise.simple_batch_size,
            ),
        ),
        tr("same path with"),
        *(
            f"  loss={same.loss} reduction={same.reduction} lr={same.lr:.4g}"
            for same in translations(best.experiment)
        ),
        *(f"  {in_words(caveat)}" for caveat in caveats(best.experiment)),
        tr("second derivatives"),
        *(f"  {left(tr(method.name), 14)}{cost(method)}" for method in best.second),
    ]


def expected(study: Study) -> tuple[tuple[int, ...], tuple[float, ...]]:
    """Epochs, and the loss that is expected after each; none where theory does not tell it."""
    facts = study.facts
    if facts.descent is None:
        return (), ()
    return facts.descent.losses(facts.start, study.experiment)


def expected_text(study: Study) -> str:
    """The loss that is expected after the first epochs and the last, or why it is not told."""
    from engine.theory.descent import unfit

    epochs, losses = expected(study)
    told = [f"{epoch}: {loss:.4g}" for epoch, loss in zip(epochs, losses, strict=True)][1:]
    if len(told) > MOST_EPOCHS:
        told[MOST_EPOCHS - 1 :] = ["…", told[-1]]
    if told:
        return tr("after epoch {losses}", losses=", ".join(told).replace("…,", "…"))
    if why := unfit(study.experiment):
        return tr("not told: {why}", why=in_words(why))
    return tr("it runs away") if epochs else tr("not told")


def floor_text(floor: Floor) -> str:
    """The smallest loss, beside the noise floor."""
    if floor.noise is None:
        return f"{floor.optimum:.4g}"
    return tr("{loss:.4g}, noise floor {floor:.4g}", loss=floor.optimum, floor=floor.noise)


def line(name: str, value: str) -> str:
    """A name and what it comes to."""
    return left(name, 19) + value


def cost(method: Method) -> str:
    """What a method for second derivatives costs, or why it fails."""
    if method.off is None:
        return method.trouble
    return tr(
        "{passes} backward passes, {numbers} numbers, off by {off:.1g}, keeps {bytes} bytes more"
        if method.graph_bytes
        else "{passes} backward passes, {numbers} numbers, off by {off:.1g}",
        passes=method.passes,
        numbers=method.numbers,
        off=method.off,
        bytes=method.graph_bytes,
    )


def rates(study: Study) -> list[str]:
    """What the eigenvalues say about full-batch descent."""
    curvature = study.curvature
    if not curvature.rank:
        return [tr("no curvature: this loss sets no limit to the lr and has no best one")]
    pairs = zip(curvature.eigenvalues.tolist(), study.headings, strict=True)
    flat = len(study.labels) - curvature.rank
    level = tr("{count} flat: there every value is as good as another", count=flat)
    return [
        tr("eigenvalues"),
        *(
            tr(
                "  {value:>10.4g}  along {direction}",
                value=value,
                direction=direction(heading, study.labels),
            )
            for value, heading in pairs
        ),
        *([f"  {level}"] if flat else []),
        line(tr("condition number"), f"{curvature.condition:.4g}"),
        line(tr("critical lr"), tr("{lr:.4g} = 2/λmax, full batch", lr=curvature.critical_lr)),
        line(
            tr("best lr"),
            tr(
                "{lr:.4g}, leaves {rate:.4g} a step",
                lr=curvature.best_lr,
                rate=curvature.best_rate,
            ),
        ),
        line(
            tr("best momentum"),
            tr(
                "lr {lr:.4g}, momentum {momentum:.4g}, leaves {rate:.4g} a step",
                lr=curvature.best_momentum_lr,
                momentum=curvature.best_momentum,
                rate=curvature.best_momentum_rate,
            ),
        ),
    ]


def named(values: Values, labels: Sequence[str] = ()) -> str:
    """Parameters in one line: w 2, −3.4; b 4.2; by labels, if given: speed 3.9; (intercept) −18."""
    if labels:
        pairs = zip(labels, flat(values), strict=True)
        return "; ".join(f"{label} {value:.6g}" for label, value in pairs)
    return "; ".join(
        f"{name} {', '.join(f'{value:.6g}' for value in numbers)}"
        for name, numbers in values.items()
    )
