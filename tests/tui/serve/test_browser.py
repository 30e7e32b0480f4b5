"""The lab in a real browser: one start of it, and one of the app."""

from __future__ import annotations

import sys
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.support.chromium import browser, chromium_of_system
from tests.support.terminal import APP, HEARS_ALL
from tests.support.visits import TOKEN, eventually, serving
from tui.serve.sessions import Bounds

if TYPE_CHECKING:
    from playwright.async_api import Browser, BrowserContext, Page, WebSocket

pytestmark = [
    pytest.mark.skipif(not chromium_of_system(), reason="the system has no Chromium"),
    pytest.mark.skipif(not find_spec("playwright"), reason="Playwright is not installed"),
]
LAB = (sys.executable, "-P", "-c", HEARS_ALL + APP, "--lang", "en")
PATIENCE = 60_000
"""Milliseconds until a test gives up."""
TABLE = b"weight,price\n" + b"".join(b"%d,%d\n" % (k, 3 * k + 1) for k in range(30))
ATTACK = """async (address) => {
    const socket = new WebSocket(address.replace("http", "ws") + "/ws");
    const ended = await new Promise((done) => {
        socket.onopen = () => done("opened");
        socket.onclose = () => done("closed");
    });
    const options = { method: "PUT", body: "x", credentials: "include" };
    const sent = fetch(address + "/files/evil.csv", options);
    return [ended, await sent.then(() => "taken", () => "refused")];
}"""
"""What a page of another port tries, to which the browser sends the cookie all the same."""


class Seen:
    """What a page asks for, complains of, and is sent to draw."""

    def __init__(self, page: Page) -> None:
        self.requests: list[str] = []
        self.complaints: list[str] = []
        self.drawn = bytearray()
        page.on("request", lambda request: self.requests.append(request.url))
        page.on("console", lambda message: self.complaints.append(message.text))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("websocket", self.listen)

    def listen(self, socket: WebSocket) -> None:
        """Take what the lab draws."""

        def hear(frame: str | bytes) -> None:
            if isinstance(frame, bytes):
                self.drawn += frame

        socket.on("framereceived", hear)

    async def draws(self, text: str) -> None:
        """Wait until a text has been drawn since the last one that was waited for."""
        await eventually(lambda: text.encode() in self.drawn)
        self.drawn.clear()


async def test_the_lab_opens_trains_takes_a_file_and_hands_one_out(tmp_path: Path) -> None:
    async with (
        serving(tmp_path, Bounds(sessions=1, away=2.0), app=LAB) as place,
        browser() as chromium,
    ):
        address = f"http://localhost:{place.port}"
        context = await chromium.new_context(viewport={"width": 1280, "height": 760})
        page = await context.new_page()
        seen = Seen(page)
        await page.goto(f"{address}/?token={TOKEN}")
        await page.locator("#words").wait_for(state="hidden", timeout=PATIENCE)
        assert page.url == f"{address}/"  # the token is gone from it
        await seen.draws("quit")

        await page.keyboard.press("s")  # nothing was clicked
        await seen.draws("finished")
        await page.reload()
        await page.locator("#words").wait_for(state="hidden", timeout=PATIENCE)
        await seen.draws("finished")  # as it was

        apples = {"name": "my apples.csv", "mimeType": "text/csv", "buffer": TABLE}
        await page.set_input_files("#upload", apples)  # type: ignore[arg-type]
        await seen.draws("my apples.csv")
        await seen.draws("weight")
        await page.keyboard.press("Escape")
        await seen.draws("x-ray")

        async with page.expect_download(timeout=PATIENCE) as coming:
            await page.keyboard.press("C")
            await seen.draws("a picture of the screen")
            await page.keyboard.press("i")
        picture = await coming.value
        assert picture.suggested_filename == "linreg-tui.svg"
        assert Path(await picture.path()).read_text("utf-8").startswith("<svg")

        assert (
            await read_with_a_wrong_token(chromium, address) == "This token is not the right one."
        )
        full = "The only place is taken; it is free as soon as its visitor leaves."
        assert await read_in_another_tab(context, address) == full
        assert await attacked_from_another_port(context, address) == ["closed", "refused"]
        assert not list(tmp_path.rglob("evil.csv"))

        assert seen.complaints == []
        own = (f"{address}/", "data:")
        assert [url for url in seen.requests if not url.startswith(own)] == []
        await page.close()
        await eventually(lambda: not place.server.sessions.present)


async def read_with_a_wrong_token(chromium: Browser, address: str) -> str:
    """What somebody new reads who has a wrong token."""
    context = await chromium.new_context()
    page = await context.new_page()
    answer = await page.goto(f"{address}/?token=wrong")
    assert answer is not None
    assert answer.status == 403
    words = await page.locator("p").inner_text()
    await context.close()
    return words


async def read_in_another_tab(context: BrowserContext, address: str) -> str:
    """What the page says in a tab for which there is no place."""
    page = await context.new_page()
    await page.goto(f"{address}/")
    await page.locator("#words button").wait_for(timeout=PATIENCE)
    words = await page.locator("#words p").inner_text()
    await page.close()
    return words


async def attacked_from_another_port(context: BrowserContext, address: str) -> list[str]:
    """What a page of another server reaches, in the browser of somebody who is let in."""
    page = await context.new_page()
    evil = "http://localhost:1/"
    await page.route(evil, lambda route: route.fulfill(body="<p>", content_type="text/html"))
    await page.goto(evil)
    reached: list[str] = await page.evaluate(ATTACK, address)
    await page.close()
    return reached
