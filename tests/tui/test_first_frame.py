"""The screen is drawn, fields and all, before the engine thread imports torch."""

from __future__ import annotations

import json
import os
import subprocess
import sys

from tests.support.paths import ROOT

SCRIPT = """
import asyncio, json, sys, threading
from engine.session import Session
from tui.app import LinregApp
from tui.settings import Settings

unneeded = ("torch", "numba", "numpy", "plotext", "pygments", "importlib.metadata")
large = {*unneeded} & sys.modules.keys()
importers = []
languages = []

def hear(event, arguments):
    if event == "open" and str(arguments[0]).endswith(".po"):
        languages.append(arguments[0])

sys.addaudithook(hear)

class Watch:
    def find_spec(self, name, path=None, target=None):
        if name == "torch":
            importers.append(threading.current_thread().name)

sys.meta_path.insert(0, Watch())
seen = {}
class Watched(Session):
    def open(self):
        strips = app.screen._compositor.render_strips()
        seen["frame"] = [strip.text for strip in strips]
        seen["before"] = "torch" in sys.modules
        super().open()

async def main():
    global app
    session = Watched(Settings().experiment)
    app = LinregApp(session, Settings())
    async with app.run_test(size=(80, 24)) as pilot:
        for _ in range(10_000):
            if session.latest.state == "ready":
                break
            await pilot.pause(0.01)
        seen["state"] = session.latest.state
        seen["after"] = "torch" in sys.modules
    session.close()

asyncio.run(main())
languages += {"babel", "polib"} & sys.modules.keys()
seen |= {"large": [*large], "importers": importers, "languages": languages}
print(json.dumps(seen))
"""


def test_first_frame_is_drawn_without_torch_and_in_english_without_a_language() -> None:
    result = subprocess.run(
        [sys.executable, "-c", SCRIPT],
        cwd=ROOT,
        env={**os.environ, "TEXTUAL_ANIMATIONS": "none"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    seen = json.loads(result.stdout.splitlines()[-1])
    assert seen["large"] == []  # which the first frame can do without
    frame = "\n".join(seen["frame"])
    assert "● loading" in frame
    assert "s start" in frame
    assert "n               1000" in frame
    assert not seen["before"]
    assert seen["after"]
    assert seen["state"] == "ready"
    assert seen["importers"] == ["engine"]
    assert seen["languages"] == []
