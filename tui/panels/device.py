"""The Device panel: where the tensors live and how fast the steps are."""

from __future__ import annotations

from rich.text import Text

from engine.support.translation import tr, trn
from engine.training.snapshot import Snapshot
from tui.panels.words import Words
from tui.text.numbers import count


class DevicePanel(Words):
    """Device, its name, torch's version, threads, memory and speed."""

    def show(self, snapshot: Snapshot) -> None:
        """Show the device of a snapshot."""
        self.put(device_text(snapshot))


def device_text(snapshot: Snapshot) -> Text:
    """Three lines about the device, the most useful one first."""
    if snapshot.facts is None:
        unknown = tr("{device}: not asked yet", device=snapshot.experiment.device)
        return Text(unknown, style="dim")
    info = snapshot.facts.device
    name = info.type if info.index is None else f"{info.type}:{info.index}"
    speed = tr("no step yet")
    if snapshot.steps_per_second:
        epochs = snapshot.steps_per_second / snapshot.facts.steps_per_epoch
        speed = tr(
            "{steps} steps/s {epochs} epochs/s",
            steps=count(snapshot.steps_per_second),
            epochs=count(epochs),
        )
    threads = trn("{n} thread", "{n} threads", n=info.threads)
    version = info.torch.partition("+")[0]
    lines = f"{name} {speed}\n{info.name}\ntorch {version} · {threads} · {info.memory_gb:.0f} GB"
    return Text(lines, no_wrap=True, overflow="ellipsis")
