"""Which panels are displayed, and where the focus goes among them."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from textual.geometry import Offset, Size
from textual.screen import Screen
from textual.widget import Widget

from engine.support.translation import tr
from tui.charts.views import VIEWS
from tui.forms.form import Form
from tui.marking import mark
from tui.panels.chart import ChartPanel
from tui.panels.fit import FitPanel
from tui.panels.group import Group
from tui.screens.desk import Desk
from tui.screens.jump import initials

GRID = Size(160, 45)
"""The least terminal that has room for four charts."""
JUMPS = {
    "d": "data",
    "m": "model",
    "t": "training",
    "l": "loss",
    "f": "fit",
    "3": "third",
    "4": "fourth",
    "v": "values",
    "r": "runs",
    "e": "lesson",
}
"""Letter → id of the panel that it goes to."""


class Navigator:
    """The panels of a screen in their order, and the focus among them."""

    def __init__(
        self,
        screen: Screen[None],
        desk: Desk,
        panels: Sequence[Widget],
        chart: ChartPanel,
        views: Sequence[FitPanel],
    ) -> None:
        self.screen, self.desk = screen, desk
        self.lab_panels = tuple(panels)
        """All panels but that of a lesson, which may hide some."""
        self.views = tuple(views)
        """The second chart, and those that only the grid has."""
        self.panels = tuple(panel for panel in panels if not panel.has_class("-hidden"))
        """Those that can be gone to."""
        self.hidden: Collection[str] = ()
        """Ids of the panels that the lesson hides."""
        self.is_grid = False
        """Whether four charts are on show."""
        self.wants_grid = False
        """Whether they would be, were there room for them."""
        self.chart = chart
        """The chart that was in use last: zoom and cursor keys act on it."""
        self.rest: Widget = chart
        """What has the focus where nothing else has it: the chart in use last, or the code."""
        self.aside = "code"
        """Of the second chart and the code, which have one place, the one that is not displayed."""
        self.behind = chart
        """The chart that was in use before the code came."""
        self.home: Widget | None = None
        """The panel of a lesson, which comes before that."""

    # Which panels ------------------------------------------------------------------------------

    def show_all_but(self, hidden: Collection[str], lesson: Widget | None = None) -> None:
        """Display all panels but those with these ids; that of a lesson, if any, comes first."""
        self.hidden, self.home = hidden, lesson
        self.lay_out()

    def lay_out(self) -> None:
        """Display what there is to display: four charts, or two and the values."""
        self.is_grid = self.wants_grid and self.has_room_for_grid
        side, lesson = self.screen.query_one("#side"), self.home
        visible = [
            panel
            for panel in self.lab_panels
            if panel.id not in (*self.hidden, self.aside)
            and (panel.parent is not side if self.is_grid else panel not in self.views[1:])
        ]
        for panel in self.lab_panels:
            mark(panel, "-hidden", panel not in visible)
        self.panels = (lesson, *visible) if lesson else tuple(visible)
        for group in self.columns:
            if isinstance(group, Group):
                group.hold(panel for panel in self.panels if panel.parent is group)
        charts = [panel for panel in visible if isinstance(panel, ChartPanel)]
        if charts and self.chart not in charts:
            self.chart = charts[0]
        if self.rest not in visible:
            self.rest = self.chart
        has_values = any(panel.id == "values" for panel in visible)
        mark(side, "-alone", not has_values)
        side.border_title = tr("Values") if has_values else tr("Reading")
        for box in (*self.columns, *self.lab_panels):
            mark(box, "-grid", self.is_grid)

    @property
    def has_room_for_grid(self) -> bool:
        """Whether the terminal is large enough, and no lesson hides what would fill it."""
        width, height = self.screen.app.size
        has_views = self.views[0].id not in self.hidden
        return width >= GRID.width and height >= GRID.height and has_views

    def toggle_grid(self) -> None:
        """Show four charts in place of two and the values, or those again."""
        self.wants_grid = not self.is_grid
        for chart in self.views[1:]:
            others = {other.view.name for other in self.views if other is not chart}
            if chart.view.name in others:
                chart.turn_to(next(view for name, view in VIEWS.items() if name not in others))
        self.lay_out()

    def fit_size(self) -> None:
        """Show as many charts as the terminal has room for now."""
        if self.is_grid != (self.wants_grid and self.has_room_for_grid):
            self.lay_out()

    @property
    def turned(self) -> FitPanel:
        """The chart whose views are turned: the one in use, or the second one."""
        return next((chart for chart in self.views if chart is self.chart), self.views[0])

    def place(self, panel: Widget) -> None:
        """Display a panel, in the place of the other where it has one with it."""
        if panel.id != self.aside:
            return
        if panel.id == "code":
            self.aside, self.behind = "fit", self.chart
        else:
            self.aside, self.chart = "code", self.behind
        self.lay_out()

    @property
    def columns(self) -> set[Widget]:
        """What the panels stand in; the one that has the focus is the current one."""
        return {panel.parent for panel in self.lab_panels if isinstance(panel.parent, Widget)}

    def by_letter(self) -> dict[str, Widget]:
        """The panels that can be gone to, by their letters."""
        panels = {panel.id: panel for panel in self.panels}
        return {letter: panels[id] for letter, id in JUMPS.items() if id in panels}

    def fields_by_letter(self) -> dict[str, tuple[Form, Widget]]:
        """The fields on show and their forms, by their letters; those of training choose first."""
        forms = [panel for panel in reversed(self.panels) if isinstance(panel, Form)]
        fields = {key: (form, field) for form in forms for key, field in form.fields.items()}
        visible = [key for key, (_, field) in fields.items() if self.is_seen(field)]
        return {letter: fields[key] for letter, key in initials(visible).items()}

    def marks(self) -> dict[str, Offset]:
        """Where letters are drawn: in the borders of panels on show, and before their fields."""
        panels = {
            letter: Offset(panel.region.x + 1, panel.region.y)
            for letter, panel in self.by_letter().items()
            if self.is_seen(panel) and panel.styles.border_top[0]
        }
        fields = {
            letter: Offset(form.content_region.x - 1, field.region.y)
            for letter, (form, field) in self.fields_by_letter().items()
        }
        return panels | fields

    def is_seen(self, widget: Widget) -> bool:
        """Whether the upper edge of a widget is on show."""
        geometry = self.screen._compositor.full_map.get(widget)
        if geometry is None:
            return False
        seen = geometry.visible_region
        return bool(seen) and seen.y == geometry.region.y

    # The focus ---------------------------------------------------------------------------------

    def panel_of(self, widget: Widget | None) -> Widget | None:
        """The panel a widget stands in."""
        while widget is not None and widget not in self.panels:
            parent = widget.parent
            widget = parent if isinstance(parent, Widget) else None
        return widget

    @property
    def here(self) -> Widget | None:
        """The panel that has the focus."""
        return self.panel_of(self.screen.focused)

    def bring_forward(self, panel: Widget) -> None:
        """Display a panel where there is room for one of several."""
        if isinstance(panel.parent, Group):
            panel.parent.select(panel)
        for column in self.columns:
            mark(column, "-current", column is panel.parent)

    def arrive(self, widget: Widget) -> bool:
        """Bring the panel of a focused widget to the front; whether the widget is in a panel."""
        panel = self.panel_of(widget)
        if panel is None or not widget.has_focus:  # the focus may have gone on meanwhile
            return False
        self.bring_forward(panel)
        if isinstance(panel, ChartPanel):
            self.chart = self.rest = panel
        elif panel.id == "code":
            self.rest = panel
        return True

    def go_to(self, panel: Widget) -> None:
        """Display a panel and focus it, or the first field in it."""
        self.place(panel)
        self.bring_forward(panel)
        self.screen.remove_class("-full")
        if isinstance(panel, Form):
            if not panel.fields:  # a key may come before them
                panel.show(self.desk.experiment)
            panel = next(iter(panel.fields.values()))
        self.screen.set_focus(panel)

    def go_to_field(self, form: Form, field: Widget) -> None:
        """Display a form and focus one of its fields."""
        self.go_to(form)
        self.screen.set_focus(field)

    def show_chart(self, chart: ChartPanel) -> None:
        """Display a chart, and focus it where a chart has the focus."""
        self.place(chart)
        if isinstance(chart.parent, Group):
            chart.parent.select(chart)
        if self.chart is not chart and isinstance(self.screen.focused, ChartPanel):
            self.go_to(chart)

    def turn(self, by: int) -> None:
        """Go to the next or previous panel."""
        panels = [panel for panel in self.panels if self.has_room(panel)]
        here = self.here
        index = panels.index(here) if here in panels else -1
        self.go_to(panels[(index + by) % len(panels)])

    def has_room(self, panel: Widget) -> bool:
        """Whether a panel can be displayed: one of a group can, the runs only on a large screen."""
        return panel.display or isinstance(panel.parent, Group)

    def refocus(self) -> None:
        """Give the focus back where nothing has it; a field may have gone with its choice."""
        screen = self.screen
        if screen.focused is not None and not screen.focused.is_attached:
            screen.set_focus(self.rest)
        if screen.focused is None and screen.is_current:
            if self.home:
                self.go_to(self.home)
            else:
                screen.set_focus(self.rest)
