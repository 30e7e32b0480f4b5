"""Which devices there are; the CPU always is."""

from __future__ import annotations

import pytest
import torch

from engine.support import machine
from engine.support.device import available, describe, resolve
from engine.support.errors import BadInput


def test_the_cpu_is_always_there_and_comes_last() -> None:
    assert available()[-1] == torch.device("cpu")


def test_auto_takes_the_first_device() -> None:
    assert resolve("auto") == available()[0]
    assert resolve("cpu") == torch.device("cpu")


@pytest.mark.parametrize("device", available(), ids=str)
def test_every_device_that_is_present_can_be_named_and_described(device: torch.device) -> None:
    assert resolve(str(device)) == device
    assert resolve(device.type).type == device.type
    info = describe(device)
    assert (info.type, info.index) == (device.type, device.index)
    assert info.name.strip()
    assert info.threads == torch.get_num_threads()
    assert info.memory_gb > 0.1
    assert info.torch == torch.__version__


@pytest.mark.parametrize("name", ["cuda:99", "cuda:123"])
def test_a_device_that_is_absent_is_refused_with_a_list_of_those_present(name: str) -> None:
    with pytest.raises(BadInput) as refusal:
        resolve(name)
    assert refusal.value.key == "device"
    assert "cpu" in str(refusal.value)
    assert len(str(refusal.value).splitlines()) == 1


def test_gpus_come_before_the_cpu_in_the_order_of_their_numbers(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)
    assert [str(device) for device in available()] == ["cuda:0", "cuda:1", "mps", "cpu"]
    assert str(resolve("auto")) == "cuda:0"
    assert str(resolve("cuda")) == "cuda:0"
    assert str(resolve("cuda:1")) == "cuda:1"
    assert str(resolve("mps")) == "mps"


def test_a_system_that_tells_nothing_still_has_a_name(monkeypatch: pytest.MonkeyPatch) -> None:
    class Nowhere:
        def __init__(self, path: str) -> None: ...

        def read_text(self) -> str:
            raise FileNotFoundError

    def unknown(name: str) -> int:
        raise ValueError

    monkeypatch.setattr(machine, "Path", Nowhere)
    monkeypatch.setattr("os.sysconf", unknown)
    monkeypatch.setattr("platform.processor", lambda: "")
    monkeypatch.setattr("platform.machine", lambda: "")
    info = describe(torch.device("cpu"))
    assert (info.name, info.memory_gb) == ("CPU", 0)
