"""The gate: tokens, cookies, hosts and origins, as made up by strangers."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tui.serve.gate import (
    Gate,
    is_token,
    is_url,
    name_of,
    names_of,
    network_of,
    new_token,
    origin_of,
    visitor_in,
)

TOKEN = "a-token-of-a-test"
OWN = (
    *("localhost", "localhost:9000", "LOCALHOST", "127.0.0.1:8123", "[::1]:8123"),
    *("192.168.1.4:80", "lab.example.org:8443", "Lab.Example.org"),
)
FOREIGN = (
    *("", "evil.com", "localhost.evil.com", "127.0.0.1.evil.com", "127.0.0.1@evil.com", "[::1"),
    *("localhost:x", "a@localhost", "localhost/x", "localhost evil.com", "example.org"),
)
GATE = Gate(TOKEN, names_of(["lab.example.org:8443"]), "https://lab.example.org:8443")


def test_tokens_are_long_and_never_the_same() -> None:
    tokens = {new_token() for _ in range(100)}
    assert len(tokens) == 100
    assert all(is_token(token) and len(token) == 32 for token in tokens)


@given(st.text())
def test_no_other_text_is_the_token(text: str) -> None:
    assert GATE.knows_token(text) == (text == TOKEN)
    assert GATE.knows_token(TOKEN)


@given(st.text(max_size=80))
@example("\udcff")
@example(f"{'0' * 32}.\udcff")  # headers are bytes, of which these are no characters
def test_a_cookie_is_known_only_as_it_was_given(text: str) -> None:
    visitor = visitor_in("")
    cookie = GATE.cookie(visitor)
    assert GATE.visitor(cookie) == visitor
    for forged in (text, visitor, f"{visitor}.{text}", f"{text}.{cookie[33:]}"):
        assert GATE.visitor(forged) == "" or forged == cookie
    assert Gate(new_token()).visitor(cookie) == ""


def test_whoever_comes_back_after_a_new_start_is_the_same_visitor() -> None:
    visitor = visitor_in("")
    assert visitor_in(Gate(new_token()).cookie(visitor)) == visitor
    assert visitor_in("../../etc") != visitor_in("../../etc")  # a new one each time


@pytest.mark.parametrize("host", OWN)
def test_hosts_that_name_the_server(host: str) -> None:
    assert GATE.is_host(host)


@pytest.mark.parametrize("host", FOREIGN)
def test_hosts_that_a_stranger_has_pointed_here(host: str) -> None:
    assert not GATE.is_host(host)


@given(st.text())
@example("\udcff")
def test_whatever_stands_in_the_headers_is_answered(text: str) -> None:
    assert GATE.is_host(text) in (True, False)
    assert name_of(text) == name_of(text).lower()
    assert not GATE.is_origin(text, "127.0.0.1:8123")


def test_origins_are_those_of_the_own_page() -> None:
    host = "127.0.0.1:8123"
    assert GATE.is_origin(f"http://{host}", host)
    assert GATE.is_origin("https://lab.example.org:8443", host)  # a proxy that names itself
    for foreign in ("", "null", "http://127.0.0.1:8124", "https://lab.example.org", "http://x"):
        assert not GATE.is_origin(foreign, host)
    assert not Gate(TOKEN).is_origin("", host)


@pytest.mark.parametrize(
    "text", ["short", "a" * 257, "with a blank in it", "ümlaute-in-a-token", ""]
)
def test_texts_that_are_no_token(text: str) -> None:
    assert not is_token(text)


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("https://Lab.Example.org:443/linreg/", "https://lab.example.org"),
        ("HTTP://lab.example.org:80", "http://lab.example.org"),
        ("http://[::1]:443/", "http://[::1]:443"),
        ("", ""),
    ],
)
def test_origins_are_written_as_browsers_write_them(url: str, origin: str) -> None:
    assert origin_of(url) == origin


def test_addresses_of_pages() -> None:
    assert is_url("https://lab.example.org/linreg/")
    for text in ("lab.example.org", "ftp://lab", "https://", "https://[", "https://a b"):
        assert not is_url(text), text


@pytest.mark.parametrize(
    ("peer", "network"),
    [
        (("192.168.1.4", 50123), "192.168.1.4"),
        (("2001:db8:1:2:3:4:5:6", 50123, 0, 0), "2001:db8:1:2::/64"),
        (("2001:db8:1:2::", 1, 0, 0), "2001:db8:1:2::/64"),
        (("fe80::1%eth0", 50123, 0, 2), "fe80::/64"),
        (("::ffff:192.168.1.4", 50123, 0, 0), "192.168.1.4"),
        (None, ""),
    ],
)
def test_an_address_of_ipv4_and_a_network_of_ipv6_are_one_place(peer: object, network: str) -> None:
    assert network_of(peer) == network
