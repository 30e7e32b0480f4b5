"""`linreg-tui theory`: what can be known of an experiment without training it."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from engine.cli.common import experiment_options, finite, read_experiment
from engine.models import Values, direction
from engine.translate import caveats, translations
from engine.words import tr

if TYPE_CHECKING:
    from engine.second import Way
    from engine.study import Study


@click.command("theory")
@experiment_options
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def theory(lesson: str | None, file: Path | None, settings: tuple[str, ...], as_json: bool) -> int:
    """Print curvature, learning-rate limits, closed form and gradient noise of an experiment.

    Everything is worked out from its data: the Hessian at the closed form, the gradient noise at
    the start of training.
    """
    experiment = read_experiment(lesson, file, settings)
    from engine.problem import build
    from engine.study import study
    from engine.trainer import facts

    known = facts(build(experiment))
    start, best = (study(experiment, known, at) for at in (known.start, known.closed_form))
    if as_json:
        click.echo(json.dumps(finite(as_dict(start, best)), allow_nan=False))
    else:
        click.echo("\n".join(lines(start, best)))
    return 0


def as_dict(start: Study, best: Study) -> dict[str, Any]:
    """Theory as plain values; matrices are rows in the order of `parameters`."""
    curvature, facts = best.curvature, best.facts
    return {
        "parameters": best.labels,
        "closed_form": facts.closed_form,
        "optimum": facts.optimum,
        "noise_floor": facts.noise_floor,
        "hessian": best.hessian.tolist(),
        "hessian_autograd_difference": best.autograd_apart,
        "eigenvalues": curvature.eigenvalues.tolist(),
        "eigenvectors": curvature.eigenvectors.T.tolist(),
        "rank": curvature.rank,
        "condition_number": curvature.condition,
        "critical_lr": curvature.critical_lr,
        "best_lr": curvature.best_lr,
        "best_rate": curvature.best_rate,
        "best_momentum_lr": curvature.best_momentum_lr,
        "best_momentum": curvature.best_momentum,
        "best_momentum_rate": curvature.best_momentum_rate,
        "limit": {"lr": best.limit.lr, "name": best.limit.name},
        "gradient": start.noise.mean.tolist(),
        "gradient_variance": start.gradient_variance,
        "b_simple": start.noise.simple_batch_size,
        "b_simple_at_optimum": best.noise.simple_batch_size,
        "same_path": [asdict(one) for one in translations(best.experiment)],
        "same_path_caveats": caveats(best.experiment),
        "second_derivatives": [asdict(way) for way in best.second],
    }


def lines(start: Study, best: Study) -> list[str]:
    """Theory for people."""
    facts = best.facts
    size = max(len(label) for label in best.labels)
    rows = zip(best.labels, best.hessian.tolist(), strict=True)
    return [
        f"closed form        {named(facts.closed_form)}",
        f"its loss           {facts.optimum:.4g}, noise floor {facts.noise_floor:.4g}",
        "Hessian at the closed form",
        *(f"  {label:<{size}}" + "".join(f"{x:>12.4g}" for x in row) for label, row in rows),
        f"  by autograd: off by {best.autograd_apart:.1g}",
        *rates(best),
        f"limit here         {best.limit.lr:.4g} ({best.limit.name})",
        f"gradient variance  {start.gradient_variance:.4g} at the start, "
        f"minibatches of {start.batch_size}",
        f"B_simple           {start.noise.simple_batch_size:.4g} at the start, "
        f"{best.noise.simple_batch_size:.4g} at the closed form",
        tr("same path with"),
        *(
            f"  loss={one.loss} reduction={one.reduction} lr={one.lr:.4g}"
            for one in translations(best.experiment)
        ),
        *(f"  {tr(sentence)}" for sentence in caveats(best.experiment)),
        tr("second derivatives"),
        *(f"  {way.name:<14}{cost(way)}" for way in best.second),
    ]


def cost(way: Way) -> str:
    """What a way to second derivatives costs, or why it fails."""
    if way.off is None:
        return way.trouble
    kept = tr(", keeps {bytes} bytes more", bytes=way.kept) if way.kept else ""
    return tr(
        "{passes} backward passes, {numbers} numbers, off by {off:.1g}{kept}",
        passes=way.passes,
        numbers=way.numbers,
        off=way.off,
        kept=kept,
    )


def rates(study: Study) -> list[str]:
    """What the eigenvalues say about full-batch descent."""
    curvature = study.curvature
    if not curvature.rank:
        return ["no curvature: this loss sets no limit to the lr and has no best one"]
    pairs = zip(curvature.eigenvalues.tolist(), study.headings, strict=True)
    flat = len(study.labels) - curvature.rank
    return [
        "eigenvalues",
        *(f"  {value:>10.4g}  along {direction(heading)}" for value, heading in pairs),
        *([f"  {flat} flat: there every value is as good as another"] if flat else []),
        f"condition number   {curvature.condition:.4g}",
        f"critical lr        {curvature.critical_lr:.4g} = 2/λmax, full batch",
        f"best lr            {curvature.best_lr:.4g}, leaves {curvature.best_rate:.4g} a step",
        f"best momentum      lr {curvature.best_momentum_lr:.4g}, "
        f"momentum {curvature.best_momentum:.4g}, leaves {curvature.best_momentum_rate:.4g} a step",
    ]


def named(values: Values) -> str:
    """Parameters in one line: w 2, −3.4; b 4.2."""
    return "; ".join(
        f"{name} {', '.join(f'{value:.6g}' for value in numbers)}"
        for name, numbers in values.items()
    )
