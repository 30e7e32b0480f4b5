"""What the palette offers on a screen, by name, and what can be typed there as a command."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

from textual.app import App
from textual.screen import Screen

from engine.catalog.choice import REGISTRIES
from engine.lessons.library import lessons
from engine.support.translation import tr
from tui.forms.fields import Edited, Picker, TextField
from tui.forms.form import Form
from tui.keys.in_use import shown
from tui.keys.table import ACTIONS
from tui.screens.job import JobScreen
from tui.screens.main import MainScreen
from tui.themes import THEMES

NAMES = {"esc": "escape", "+": "plus", "-": "minus"}
"""How Textual names keys that are written otherwise."""


@dataclass(frozen=True)
class Offer:
    """Something that can be done, under the name by which it is looked for."""

    title: str
    help: str
    do: Callable[[], object]
    key: str = ""
    """The key that does it too, as it is written for people."""


@dataclass(frozen=True)
class Recolor:
    """Takes another set of colours; the palette shows them before."""

    app: App[Any]
    theme: str

    def __call__(self) -> None:
        """Take them."""
        self.app.theme = self.theme


def offers_on(screen: Screen[Any]) -> Iterator[Offer]:
    """All that can be done on a screen now, its own actions first."""
    if isinstance(screen, MainScreen):
        yield from actions(screen)
        yield from settings(screen)
        yield from entries(screen)
        for lesson in lessons().values() if screen.can("lesson") else ():
            title = tr("lesson: {name}", name=lesson.name)
            yield Offer(title, lesson.title, partial(screen.action_do, "lesson", lesson.name))
    if isinstance(screen, JobScreen):
        yield from settings(screen)
        yield from own_keys(screen)
    for theme in THEMES:
        title = tr("theme: {name}", name=theme.name)
        yield Offer(title, tr("Another set of colours."), Recolor(screen.app, theme.name))


def actions(screen: MainScreen) -> Iterator[Offer]:
    """The actions of the main screen that do something now."""
    for action in ACTIONS:
        if screen.can(action.id):
            do = partial(screen.action_do, action.id)
            yield Offer(tr(action.label), tr(action.help), do, shown(action))


def own_keys(screen: JobScreen[Any]) -> Iterator[Offer]:
    """What the keys of a sweep or a race do, in the words of its help."""
    bound = screen._bindings.key_to_bindings
    for written, help in screen.keys:
        for key in written.split():
            if bindings := bound.get(NAMES.get(key, key)):
                yield Offer(tr(help), "", partial(screen.run_action, bindings[0].action), key)
                break
    yield Offer(tr("Every key of this screen."), "", screen.action_help, "?")


def settings(screen: MainScreen | JobScreen[Any]) -> Iterator[Offer]:
    """The fields of a screen, to go to."""
    for key, field in fields_of(screen).items():
        words = tr("Change {key}: type {key} and its value here, or enter goes there.", key=key)
        yield Offer(key, words, partial(go_to, screen, field))


def entries(screen: MainScreen) -> Iterator[Offer]:
    """The entries of the registries, to choose."""
    for key, registry in REGISTRIES.items():
        for entry in registry if screen.has_field(key) else ():
            choose = partial(screen.commands.setup.choose, key, entry.name)
            yield Offer(f"{key}: {tr(entry.label)}", tr(entry.help), choose)


def fields_of(screen: Screen[Any]) -> dict[str, TextField | Picker]:
    """Key → field of a screen, where they can be edited."""
    if isinstance(screen, JobScreen):
        return dict(screen.query_one(Form).fields)
    if not isinstance(screen, MainScreen) or not screen.can("lr"):
        return {}
    forms = [form for form in screen.lab.forms if form in screen.navigator.panels]
    return {key: field for form in forms for key, field in form.fields.items()}


def go_to(screen: MainScreen | JobScreen[Any], field: TextField | Picker) -> None:
    """Focus a field."""
    if isinstance(screen, MainScreen):
        form = next(form for form in screen.lab.forms if field in form.fields.values())
        screen.navigator.go_to_field(form, field)
    else:
        screen.set_focus(field)


# What is typed ---------------------------------------------------------------------------------


def typed(screen: Screen[Any], text: str) -> Offer | None:
    """What a text asks for that gives fields other values: `lr 0.1`, `lr=0.1 batch_size 5`."""
    fields = fields_of(screen)
    values = assignments(text, {*fields, *parameters_chosen(text, fields)})
    if not values:
        return None

    def set_all() -> None:
        for key, value in values:
            screen.post_message(Edited(key, value, is_command=True))

    title = ", ".join(f"{key} {value}" for key, value in values)
    now = ", ".join(f"{key} {fields[key].value}" for key, _ in values if key in fields)
    return Offer(title, tr("In place of {now}.", now=now), set_all)


def parameters_chosen(text: str, fields: Collection[str]) -> Iterator[str]:
    """The keys of the parameters that entries have which a text chooses: `data linear n 50`."""
    for key, registry in REGISTRIES.items():
        chosen = re.findall(rf"(?<!\S){key}(?:\s*=\s*|\s+)(\w+)", text) if key in fields else []
        for entry in registry:
            if entry.name in chosen:
                yield from (f"{key}.{param.name}" for param in entry.params)


def assignments(text: str, keys: Collection[str]) -> list[tuple[str, str]]:
    """The keys of a text, each with the value behind it; empty where it is anything else.

    A key of two parts, `data.noise`, may stand as its last one where no other key ends in it.
    """
    ends = Counter(key.rpartition(".")[2] for key in keys)
    names = {end: key for key in keys if ends[end := key.rpartition(".")[2]] == 1}
    names |= {key: key for key in keys}
    longest_first = sorted(names, key=len, reverse=True)
    key = "|".join(map(re.escape, longest_first))
    if not key:
        return []
    parts = re.split(rf"(?:^|(?<=\s))(?:-s\s+)?({key})(?:\s*=\s*|\s+)", text.strip())
    before, pairs = parts[0], list(zip(parts[1::2], parts[2::2], strict=True))
    if before or not pairs or not all(value.strip() for _, value in pairs):
        return []
    return [(names[name], value.strip()) for name, value in pairs]
