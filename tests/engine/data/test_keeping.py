"""What stays in memory: many small things, the last few large ones."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from engine.data.keeping import LARGE, MOST, MOST_LARGE, keep

THINGS = st.lists(st.tuples(st.integers(0, 99), st.booleans()), max_size=150)


@given(THINGS)
def test_the_last_ones_stay_and_small_ones_drive_no_large_one_out(
    things: list[tuple[int, bool]],
) -> None:
    store: dict[tuple[int, bool], int] = {}
    for thing in things:
        size = LARGE + 1 if thing[1] else 1
        assert keep(store, thing, size, lambda size: size) == size
    last = list(dict.fromkeys(reversed(things)))[::-1]
    large = [thing for thing in last if thing[1]][-MOST_LARGE:]
    small = [thing for thing in last if not thing[1]]
    room = MOST - MOST_LARGE
    assert set(store) >= {*large[-1:], *small[-room:]}
    assert len(store) <= MOST
    assert [thing for thing in store if thing[1]] == large[len(large) - sum(t[1] for t in store) :]
    if len(small) <= room:
        assert set(store) == {*large, *small}
