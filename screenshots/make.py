"""Makes every picture in this folder from the real app: `make screenshots`.

Each picture is the app at one size after some keys were pressed; the engine behind it is the real
one, so the numbers are measured, not drawn.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import mkdtemp

from engine.lessons.library import lessons
from engine.lessons.offer import set_offer
from engine.support.translation import set_language
from tui.offer import OFFER
from tui.pictures import take_picture
from tui.settings import Settings

FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class Picture:
    """A file, and how the app comes to look like it."""

    name: str
    size: tuple[int, int] = (120, 34)
    keys: str = "s"
    """Keys separated by spaces; `=0.3` types a text, `…` waits until the engine rests."""
    theme: str = "linreg-dark"
    ascii: bool = False
    lesson: str = "scratch"
    """Whose experiment it is; the lesson itself is opened by its key."""
    changes: Mapping[str, object] = field(default_factory=dict)
    """What the experiment has beyond that."""
    language: str = "en"


VALLEY = {"data.scale": (1.0, 6.0), "batch_size": 1000, "epochs": 60}
"""A narrow valley and full batches."""

PICTURES = (
    Picture("main", keys="l =0.003 enter s … l =0.03 enter s …"),
    Picture("live", keys="s … l =0.003 … …"),
    Picture("small", (80, 24), keys="s …"),
    Picture("diverged", keys="s … l =2 enter s …"),
    Picture("residuals", keys="s … v"),
    Picture("parameters", (80, 24), keys="s … v v"),
    Picture("ohm", keys="s …", lesson="ohm"),
    Picture("huber", keys="s … right right", lesson="huber"),
    Picture("lesson", keys="3 … k =5e-5 enter s …"),
    Picture("lesson-zh", keys="4 … k right s …", language="zh"),
    Picture("lesson-small", (80, 24), keys="7 …"),
    Picture("lessons", (100, 30), keys="3 … k =5e-5 enter s … e"),
    Picture("planck", keys="s …", lesson="planck"),
    Picture("losses", (100, 30), keys="s … v v v v v enter", lesson="losses"),
    Picture("sweep", keys="w … b"),
    Picture("sweep-small", (80, 24), keys="w … b"),
    Picture("fan", keys="b … s …", lesson="exercise-1"),
    Picture("finder", (100, 30), keys="L …"),
    Picture("race", keys="R tab right tab s …"),
    Picture("landscape", (100, 30), keys="s … v v v enter", changes={**VALLEY, "lr": 0.05}),
    Picture("directions", keys="s … v v v v", changes={**VALLEY, "lr": 0.03}),
    Picture("grid", (160, 45), keys="s … G …", changes={**VALLEY, "lr": 0.05}),
    Picture("projector", (100, 30), keys="3 … P s …"),
    Picture("moment", keys=f"s … home {137 * 'right '}tab v v v …"),
    Picture("fork", keys=f"s … home {60 * 'right '}l =0.1 enter F … v v …"),
    Picture("theory", (100, 34), keys="s … t …", changes={"data.scale": (1.0, 6.0)}),
    Picture("xray", (100, 20), keys=". … d …"),
    Picture("data", (100, 24), keys="o …", lesson="dummies"),
    Picture("summary", (120, 34), keys="s … S …", lesson="leverage"),
    Picture("leverage", (100, 30), keys=f"s … {9 * 'v '}enter right right", lesson="leverage"),
    Picture("code", (100, 34), keys="c …"),
    Picture("statements", keys="I … . … , … , … , … , …"),
    Picture("choices", (80, 24), keys="j m down down enter"),
    Picture("help", (80, 24), keys="question_mark"),
    Picture("light", keys="s …", theme="linreg-light", lesson="concise"),
    Picture("narrow", (50, 24), keys="s …"),
    Picture("ascii", (80, 24), keys="s …", ascii=True),
)


def take(picture: Picture) -> None:
    """Run the app, press the keys, save the picture."""
    set_language(picture.language)
    set_offer(OFFER)
    experiment = lessons()[picture.lesson].experiment.changed(picture.changes)
    settings = Settings(theme=picture.theme, ascii=picture.ascii, experiment=experiment)
    file = FOLDER / f"{picture.name}.svg"
    file.unlink(missing_ok=True)
    take_picture(settings, picture.size, picture.keys.split(), file)


if __name__ == "__main__":
    os.environ.pop("NO_COLOR", None)
    # Progress of one's own has no place in the pictures, nor do they change it.
    os.environ["XDG_CONFIG_HOME"] = mkdtemp()
    for picture in PICTURES:
        take(picture)
        print(f"{picture.name}.svg")
