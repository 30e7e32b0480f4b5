"""The system's own Chromium without a window, led by Playwright; nothing is downloaded."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.async_api import Browser

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = (
    "--headless",
    "--no-sandbox",  # in a container, as root, there is none to be had
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def chromium_of_system() -> str:
    """The path of the system's Chromium; empty where there is none."""
    return next(filter(None, map(shutil.which, NAMES)), "")


@asynccontextmanager
async def browser() -> AsyncIterator[Browser]:
    """A browser with an empty profile."""
    from playwright.async_api import async_playwright

    async with async_playwright() as playwright:
        started = await playwright.chromium.launch(
            executable_path=chromium_of_system(), args=list(FLAGS)
        )
        try:
            yield started
        finally:
            await started.close()
