"""Scalars in the event files of TensorBoard, written and read without its package.

A file is a sequence of records, each a length, a checksum of it, an Event in protobuf and a
checksum of that (TensorFlow, `tsl/lib/io/record_writer.cc` and `core/util/event.proto`).
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator
from functools import cache
from typing import NamedTuple

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5
"""How protobuf writes a field: the low three bits before each."""


class Scalar(NamedTuple):
    """One number of a curve."""

    tag: str
    step: int
    time: float
    """Seconds since 1970."""
    value: float


def events(scalars: Iterable[Scalar], time: float) -> Iterator[bytes]:
    """The records of a file that was begun at a time: its version, then a scalar each."""
    yield record(_double(1, time) + _bytes(3, b"brain.Event:2"))
    for scalar in scalars:
        value = _bytes(1, scalar.tag.encode()) + _key(2, FIXED32) + struct.pack("<f", scalar.value)
        step = _key(2, VARINT) + _varint(scalar.step)
        yield record(_double(1, scalar.time) + step + _bytes(5, _bytes(1, value)))


def record(content: bytes) -> bytes:
    """A record with its checksums."""
    length = struct.pack("<Q", len(content))
    return length + masked_crc(length) + content + masked_crc(content)


def masked_crc(content: bytes) -> bytes:
    """The CRC-32C of some bytes, rotated and shifted so that it may be the content of another."""
    crc = 0xFFFFFFFF
    for byte in content:
        crc = crc_table()[(crc ^ byte) & 0xFF] ^ (crc >> 8)
    crc ^= 0xFFFFFFFF
    rotated = (crc >> 15 | crc << 17) & 0xFFFFFFFF
    return struct.pack("<I", (rotated + 0xA282EAD8) & 0xFFFFFFFF)


@cache
def crc_table() -> list[int]:
    """The remainders of each byte by the polynomial of Castagnoli, its bits reversed."""
    remainders = list(range(256))
    for _ in range(8):
        remainders = [x >> 1 ^ 0x82F63B78 * (x & 1) for x in remainders]
    return remainders


def read_scalars(content: bytes) -> Iterator[Scalar]:
    """The scalars of a file's whole records; raises ValueError where it is no such file."""
    at = 0
    while at + 12 <= len(content):
        (length,) = struct.unpack_from("<Q", content, at)
        end = at + 12 + length
        if masked_crc(content[at : at + 8]) != content[at + 8 : at + 12]:
            raise ValueError("not a record of TensorBoard")
        if end + 4 > len(content):
            return  # still being written
        yield from _scalars(content[at + 12 : end])
        at = end + 4


def _scalars(event: bytes) -> Iterator[Scalar]:
    fields = dict(_fields(event))
    (time,) = struct.unpack("<d", fields.get(1, bytes(8)))
    step = int.from_bytes(fields.get(2, b""), "little")
    for number, value in _fields(fields.get(5, b"")):
        parts = dict(_fields(value)) if number == 1 else {}
        if 1 in parts and 2 in parts:
            (scalar,) = struct.unpack("<f", parts[2])
            yield Scalar(parts[1].decode("utf-8", "replace"), step, time, scalar)
        elif 1 in parts and 8 in parts:  # of a later version: a tensor with one float in it
            tensor = dict(_fields(parts[8]))
            raw = tensor.get(4) or tensor.get(5, b"")
            if len(raw) == 4:
                (scalar,) = struct.unpack("<f", raw)
                yield Scalar(parts[1].decode("utf-8", "replace"), step, time, scalar)


def _fields(message: bytes) -> Iterator[tuple[int, bytes]]:
    """The numbers and contents of a message's fields; raises ValueError for what is none."""
    at = 0
    while at < len(message):
        key, at = _read_varint(message, at)
        match key & 7:
            case 0:
                value, at = _read_varint(message, at)
                yield key >> 3, value.to_bytes(10, "little")
                continue
            case 1:
                size = 8
            case 2:
                size, at = _read_varint(message, at)
            case 5:
                size = 4
            case _:
                raise ValueError("not an event of TensorBoard")
        if at + size > len(message):
            raise ValueError("not an event of TensorBoard")
        yield key >> 3, message[at : at + size]
        at += size


def _read_varint(message: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while at < len(message) and shift < 70:
        byte = message[at]
        value, shift, at = value | (byte & 0x7F) << shift, shift + 7, at + 1
        if byte < 0x80:
            return value, at
    raise ValueError("not an event of TensorBoard")


def _varint(value: int) -> bytes:
    written = bytearray()
    while value > 0x7F:
        written.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes(written) + bytes([value])


def _key(number: int, kind: int) -> bytes:
    return _varint(number << 3 | kind)


def _double(number: int, value: float) -> bytes:
    return _key(number, FIXED64) + struct.pack("<d", value)


def _bytes(number: int, content: bytes) -> bytes:
    return _key(number, BYTES) + _varint(len(content)) + content
