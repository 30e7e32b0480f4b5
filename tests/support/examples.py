"""On how many examples a property is tried: all of them in `make thorough`, a third otherwise."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

SHARE = 3
"""A quick run tries one example of so many."""


def register_profiles() -> None:
    """Make `quick`, which is the usual one, and `thorough` known to --hypothesis-profile."""
    usual = settings(deadline=None, derandomize=True)
    settings.register_profile("thorough", usual, max_examples=30)
    settings.register_profile("quick", usual, max_examples=30 // SHARE)
    settings.load_profile("quick")


def how_many(thorough: int) -> int:
    """So many cases in a thorough run, and their share in a quick one."""
    quick = settings.get_current_profile_name() == "quick"
    return -(-thorough // SHARE) if quick else thorough


def tries(thorough: int, *suppressed: HealthCheck) -> settings:
    """So many examples in a thorough run, where a property wants others than the usual 30."""
    return settings(max_examples=how_many(thorough), suppress_health_check=suppressed)
