"""Frames of a browser and packets of an app: what is no such thing is refused."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.drivers._byte_stream import ByteStream

from tui.serve.frames import (
    LARGEST,
    SMALLEST,
    Malformed,
    packed,
    packet_from,
    packet_of,
    size_in,
    told,
)

KEYS = st.text(st.characters(exclude_categories=["Cs"]))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | KEYS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=8,
)


def heard(packets: bytes) -> list[tuple[str, bytes]]:
    """What Textual's driver makes of packets."""
    return [(kind, content) for kind, content in ByteStream().feed(packets)]


def values(packet: bytes) -> Any:
    ((kind, content),) = heard(packet)
    assert kind == "M"
    return json.loads(content)


@given(KEYS)
def test_keys_arrive_as_they_were_pressed(keys: str) -> None:
    assert heard(packet_of(json.dumps(["stdin", keys]))) == [("D", keys.encode())]


@given(st.integers(), st.integers())
def test_no_terminal_is_too_small_or_too_large_to_be_drawn(width: int, height: int) -> None:
    size = values(packet_of(json.dumps(["resize", {"width": width, "height": height}])))
    for asked, side, least, most in zip(
        (width, height), ("width", "height"), SMALLEST, LARGEST, strict=True
    ):
        assert size[side] == sorted((least, asked, most))[1]


@given(st.text(), st.text())
def test_whatever_an_address_asks_for_is_a_size(width: str, height: str) -> None:
    columns, lines = size_in(width, height)
    assert SMALLEST[0] <= columns <= LARGEST[0]
    assert SMALLEST[1] <= lines <= LARGEST[1]


@given(st.text() | JSON.map(json.dumps) | st.lists(JSON, max_size=3).map(json.dumps))
def test_any_other_frame_is_refused_or_heard_as_one_packet(frame: str) -> None:
    try:
        packet = packet_of(frame)
    except Malformed:
        return
    assert len(heard(packet)) == bool(packet)


@pytest.mark.parametrize(
    "frame",
    [
        "",
        "[",
        "{}",
        "[]",
        "[" * 100_000,
        '["stdin"]',
        '["stdin", 1]',
        '["stdin", "\\ud800"]',
        '["stdin", "a", "b"]',
        '["resize", {"width": "80", "height": 24}]',
        '["resize", {"width": 1e999, "height": 24}]',
        '["focus", 1]',
        '["quit"]',
        '["deliver_chunk_request", {}]',
    ],
)
def test_what_no_page_of_ours_sends_is_refused(frame: str) -> None:
    with pytest.raises(Malformed):
        packet_of(frame)


def read(content: bytes) -> list[tuple[bytes, bytes]]:
    """The packets of a pipe, up to what is none."""

    async def packets() -> list[tuple[bytes, bytes]]:
        pipe = asyncio.StreamReader()
        pipe.feed_data(content)
        pipe.feed_eof()
        found = []
        try:
            while True:
                packet = await packet_from(pipe)
                found.append((packet.kind, packet.content))
        except (EOFError, Malformed):
            return found

    return asyncio.run(packets())


@given(st.lists(st.tuples(st.sampled_from([b"D", b"M", b"P"]), st.binary())), st.binary())
def test_packets_are_read_whole_or_not_at_all(
    packets: list[tuple[bytes, bytes]], rest: bytes
) -> None:
    whole = b"".join(packed(kind, content) for kind, content in packets)
    assert read(whole) == packets
    assert read(whole + rest)[: len(packets)] == packets
    assert read(whole[:-1]) == packets[: len(packets) - bool(whole)]


def test_a_packet_that_claims_to_be_huge_is_not_waited_for() -> None:
    assert read(b"D\xff\xff\xff\xff" + bytes(100)) == []


def test_the_app_is_told_by_packets_of_textuals() -> None:
    assert values(told("resize", width=3, height=4)) == {"type": "resize", "width": 3, "height": 4}
