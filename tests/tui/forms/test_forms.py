"""The rows of a form, as they stand on the screen."""

from __future__ import annotations

from dataclasses import replace

from engine.theory.stability import Limit
from tests.support.pilots import app_showing, main_of, resize, settled, show, text_of, until
from tests.support.snapshots import MINIBATCH_LIMIT, ready
from tui.forms.fields import Note, Picker, TextField

LIMITS = (1.35, 0.0031, 1.35e-4, 2.7e-13, 1e9)


def value_of(part: TextField | Picker | Note) -> str:
    """What a row shows beside its label."""
    if isinstance(part, Picker):
        return next(choice.label for choice in part.choices if choice.value == part.value)
    return part.words.plain if isinstance(part, Note) else part.value


async def test_every_label_stands_beside_its_value() -> None:
    app = app_showing(ready())
    async with app.run_test(size=(120, 34)) as pilot:
        await settled(pilot)
        facts = ready().facts
        assert facts is not None
        form = main_of(pilot).lab.training
        for size in ((120, 34), (80, 24), (120, 50), (40, 24)):
            await resize(pilot, size)
            await pilot.press("j", "t")
            for number in LIMITS:
                limit = Limit(number, "minibatches", MINIBATCH_LIMIT.name)
                known = replace(facts, stability=replace(facts.stability, limit=limit))
                await show(pilot, replace(ready(), facts=known))
                texts = form.labels.texts
                assert texts.keys() == form.parts.keys()
                lines = text_of(app)
                for y, key in enumerate(texts, form.labels.region.y):
                    part = form.parts[key]
                    if not part.region.intersection(form.content_region):
                        continue
                    text = lines[y][form.labels.region.x : part.region.right]
                    label = text[:16].strip().rstrip("…")
                    assert part.region.height == 1
                    assert part.region.y == y
                    assert label
                    assert texts[key].strip().startswith(label)
                    assert value_of(part)[:4] in text[17:]


async def test_a_rate_far_above_its_limit_is_said_as_a_multiple() -> None:
    app = app_showing(ready())
    async with app.run_test(size=(120, 34)) as pilot:
        await settled(pilot)
        await pilot.press("l", *"270", "enter")
        await until(pilot, lambda: main_of(pilot).desk.experiment.lr == 270)
        await show(pilot, ready(main_of(pilot).desk.experiment))
        screen = "\n".join(text_of(app))
        assert "200 × its limit ▰▰▰▰▰▰▰▰ above" in screen
        assert "lr 200 × its limit 1.35" in screen


async def test_a_refused_input_says_why_at_every_size() -> None:
    """Also where there is no room for other sentences; they go again with the refusal."""
    app = app_showing(ready())
    async with app.run_test(size=(40, 12)) as pilot:
        await settled(pilot)
        await pilot.press("l", *"-1", "enter")
        await until(pilot, lambda: main_of(pilot).lab.training.fields["lr"].has_class("-refused"))
        for size in ((40, 12), (50, 24), (80, 24), (120, 34)):
            await resize(pilot, size)
            await until(pilot, lambda: any("lr=-1: must be" in line for line in text_of(app)))
        await resize(pilot, (40, 12))
        await pilot.press("escape")
        await until(pilot, lambda: not main_of(pilot).lab.hint.region)
