"""A pytest plugin: the loss and the optimizer that CONTRIBUTING shows, added to the registries.

With `-p tests.support.added_entries` every parametrized test runs on them as well.
"""

from __future__ import annotations

import re
import sys
import tempfile
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

from tests.support.paths import ROOT

HEAD = """
from engine.catalog.losses import LOSSES
from engine.catalog.optimizers import OPTIMIZERS, eps, share
from engine.catalog.param import Number
"""


def examples() -> str:
    """The Python of CONTRIBUTING that adds an entry."""
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    blocks: list[str] = re.findall(r"```python\n(@.*?)```", text, re.S)
    return "\n\n".join(blocks)


def add_entries() -> None:
    """Run the examples as a module of their own: kernels are known by the source of a module."""
    file = Path(tempfile.mkdtemp()) / "added_entries_of_contributing.py"
    file.write_text("from __future__ import annotations\n" + HEAD + examples(), encoding="utf-8")
    spec = spec_from_file_location(file.stem, file)
    assert spec
    assert spec.loader
    sys.modules[file.stem] = module = module_from_spec(spec)
    spec.loader.exec_module(module)


add_entries()
