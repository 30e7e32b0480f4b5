"""Four charts at once: each with a view of its own, where the terminal is large enough."""

from __future__ import annotations

from textual.pilot import Pilot
from textual.widget import Widget

from engine.lessons.library import lessons
from tests.support.pictures import Compare
from tests.support.pilots import (
    app_of,
    app_showing,
    is_surveyed,
    lab,
    main_of,
    resize,
    says,
    until,
)
from tests.support.snapshots import finished, previous
from tui.screens.main import MainScreen
from tui.screens.navigator import GRID
from tui.settings import Settings

SIZE = (160, 45)


def on_show(main: MainScreen) -> list[Widget]:
    """The charts that fill the place of the charts, which are alike."""
    charts = [panel for panel in (main.lab.loss, *main.lab.views) if panel.region.area]
    widths, heights = zip(*(chart.region.size for chart in charts), strict=True)
    assert max(widths) - min(widths) <= 1
    assert len(charts) == 1 or main.navigator.is_grid == (max(heights) - min(heights) <= 1)
    return list(charts)


async def test_each_chart_of_the_grid_has_a_view_of_its_own() -> None:
    async with lab(finished(), previous(), size=SIZE) as pilot:
        app = app_of(pilot)
        main, views = main_of(pilot), app.main.lab.views
        assert len(on_show(main)) == 2
        await pilot.press("v", "v", "v", "G")
        await until(pilot, lambda: len(on_show(main)) == 4)
        assert main.lab.training.region.area
        assert not main.lab.values.region.area
        # The second chart showed the landscape already: the third has another view.
        assert len({chart.view.name for chart in views}) == 3
        # Keys act on the chart in use: v and f turn it, + zooms it alone.
        third, fourth = views[1:]
        for chart in (third, fourth):
            main.navigator.go_to(chart)
            before = [other.view for other in views]
            while chart.view.name != "landscape":
                await pilot.press("v")
            after = [other.view for other in views]
            assert [one for one in zip(before, after, strict=True) if one[0] is not one[1]] == [
                (before[views.index(chart)], chart.view)
            ]
        await pilot.press("f", "plus")
        assert [chart.zooms for chart in views] == [0, 0, 1]
        # Three planes are asked for at once, and each chart draws its own.
        await until(pilot, lambda: is_surveyed(main))
        assert all(chart.chart().heat is not None for chart in views)
        assert third.survey
        assert fourth.survey
        assert third.survey.plane != fourth.survey.plane
        # One of them fills the screen and comes back.
        await pilot.press("enter")
        await until(pilot, lambda: on_show(main) == [fourth])
        assert fourth.region.width == SIZE[0]
        await pilot.press("escape")
        await until(pilot, lambda: len(on_show(main)) == 4)
        # Tab goes through them, and never to what is not there.
        seen = set()
        for _ in main.navigator.panels:
            await pilot.press("tab")
            assert main.navigator.here
            assert main.navigator.here.region.area
            seen.add(main.navigator.here.id)
        assert {"loss", "fit", "third", "fourth", "data", "training"} <= seen
        main.navigator.go_to(fourth)
        await pilot.press("escape")
        await until(pilot, lambda: len(on_show(main)) == 2)
        assert main.lab.values.region.area
        await until(pilot, lambda: main.focused in (main.lab.loss, main.lab.fit))


async def test_the_grid_follows_the_size_of_the_terminal_and_lessons() -> None:
    async with lab(finished(), notifications=True) as pilot:
        main = main_of(pilot)
        await pilot.press("G")
        await says(pilot, "a terminal of 160×45")
        assert not main.navigator.wants_grid
        for size in ((GRID.width - 1, 60), (200, GRID.height - 1)):
            await resize(pilot, size)
            await pilot.press("G")
            assert not main.navigator.is_grid
        await resize(pilot, SIZE)
        await pilot.press("G")
        await until(pilot, lambda: len(on_show(main)) == 4)
        await resize(pilot, (80, 24))
        await until(pilot, lambda: len(on_show(main)) == 1)
        await resize(pilot, (200, 50))
        await until(pilot, lambda: len(on_show(main)) == 4)
        # A lesson stands beside it; one that hides the second chart has no grid.
        await pilot.press("3")
        await until(pilot, lambda: main.classroom.panel is not None)
        await until(pilot, lambda: len(on_show(main)) == 4)
        assert main.classroom.panel
        assert main.classroom.panel.region.area
        main.navigator.show_all_but(("fit",), main.classroom.panel)
        await pilot.pause()
        assert on_show(main) == [main.lab.loss]
        assert not main.can("grid")
        await main.classroom.open(lessons()["scratch"])
        await until(pilot, lambda: len(on_show(main)) == 4)


def test_grid(picture: Compare) -> None:
    async def steps(pilot: Pilot[None]) -> None:
        await pilot.press("G", "right")
        await until(pilot, lambda: main_of(pilot).lab.views[1].chart().heat is not None)

    picture(app_showing(finished(), previous()), SIZE, (200, 50), steps=steps)
    light = Settings(theme="linreg-light")
    picture(app_showing(finished(), settings=light), SIZE, steps=steps, colours=True)
