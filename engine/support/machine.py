"""What the system tells about the machine."""

from __future__ import annotations

import os
import platform
import resource
from pathlib import Path


def cpu_name() -> str:
    """The processor's name in words where the system tells it, else its architecture."""
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return " ".join(line.partition(":")[2].split())
    except OSError:
        pass
    return platform.processor() or platform.machine() or "CPU"


def memory() -> int:
    """Bytes of memory that this process may have, or 0 where the system does not tell."""
    try:
        installed = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (ValueError, OSError, AttributeError):
        return 0
    allowed, _ = resource.getrlimit(resource.RLIMIT_DATA)
    return installed if allowed == resource.RLIM_INFINITY else min(installed, allowed)


def process_mark(pid: int) -> str:
    """What tells a process from a later one of the same number; empty where there is none.

    The time at which it began, in ticks since the system did; "?" where the system does not tell.
    """
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return ""
    except (PermissionError, OverflowError):
        pass
    try:
        # Its name, in brackets, may hold blanks; the 22nd field is the 20th behind it.
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]
    except (OSError, IndexError):
        return "?"
