"""The server as browsers and strangers meet it, over its sockets, with labs that are made up."""

from __future__ import annotations

import asyncio
import errno
import json
import math
import re
import signal
import socket
import sys
from collections import deque
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from aiohttp import ClientSession, CookieJar, WSServerHandshakeError
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.support.errors import BadInput
from tests.support.visits import (
    FAKE,
    TOKEN,
    Place,
    ask,
    eventually,
    farewell,
    hears,
    lives,
    put,
    serving,
    session,
    types,
    visitor,
)
from tui.serve import files, server, sessions
from tui.serve.frames import LARGEST, MOST_BYTES, Packet, packed
from tui.serve.ports import bound, unbound
from tui.serve.server import Serving
from tui.serve.sessions import Bounds, Sessions
from tui.serve.visitors import MOST_AWAY, Visitors, folder_of_visitors, size_of

SOON = Bounds(idle=0.01)


# The gate --------------------------------------------------------------------------------------


async def test_a_token_becomes_a_cookie_that_no_script_and_no_other_page_can_use(
    tmp_path: Path,
) -> None:
    async with serving(tmp_path) as place, ClientSession(cookie_jar=CookieJar(unsafe=True)) as one:
        answer = await ask(one, f"{place.address}/?token={TOKEN}")
        assert answer.status == 200
        (cookie,) = answer.headers.getall("Set-Cookie")
        assert {"HttpOnly", "SameSite=Strict"} <= set(cookie.split("; "))
        assert "Path" not in cookie  # that of the page, whatever a proxy makes of it
        assert TOKEN not in cookie + answer.text
        again = await ask(one, f"{place.address}/")
        assert again.status == 200
        assert again.headers["Set-Cookie"] == cookie


async def test_the_page_asks_nobody_else_and_only_beside_itself(tmp_path: Path) -> None:
    async with serving(tmp_path) as place, visitor(place) as one:
        page = (await ask(one, "/")).text
        for address in re.findall(r'(?:src|href)="([^"]*)"', page):
            assert re.fullmatch(r"assets/[\w.-]+|data:,", address), address
            if address.startswith("assets"):
                answer = await ask(one, f"/{address}")
                assert answer.status == 200
                assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
        style = (await ask(one, "/assets/page.css")).text
        for name in re.findall(r'url\("(.*?)"\)', style):
            assert (await ask(one, f"/assets/{name}")).status == 200


@pytest.mark.parametrize(
    "path", ["/assets", "/assets/", "/static/", "/assets/..%2fgate.py", "/files/", "/etc/passwd"]
)
async def test_nothing_else_is_there(tmp_path: Path, path: str) -> None:
    async with serving(tmp_path) as place, visitor(place) as one:
        answer = await ask(one, path)
        assert answer.said == (404, "There is nothing here.")


@pytest.mark.parametrize("path", ["/", "/ws", "/assets/page.js", "/files/a.csv", "/nothing"])
async def test_without_the_token_nothing_is_shown(tmp_path: Path, path: str) -> None:
    async with serving(tmp_path) as place, ClientSession(place.address) as stranger:
        own = {"Origin": place.address}
        words = "Open the whole address that the server has printed, with its token."
        assert (await ask(stranger, path, headers=own)).said == (403, words)
        forged = own | {"Cookie": f"linreg-tui-0={'0' * 32}.{'0' * 64}"}
        assert (await ask(stranger, path, headers=forged)).status == 403
        answer = await ask(stranger, f"/?token={TOKEN}x")
        assert answer.said == (403, "This token is not the right one.")


async def test_pages_of_others_are_refused_though_they_send_the_cookie(tmp_path: Path) -> None:
    async with serving(tmp_path) as place, visitor(place) as one:
        for origin in ("https://evil.com", "null", f"http://127.0.0.1:{place.port + 1}"):
            foreign = {"Origin": origin}
            assert (await ask(one, "/", headers=foreign)).status == 403
            assert (await put(one, "/files/a.csv", b"a", headers=foreign)).status == 403
            with pytest.raises(WSServerHandshakeError, match="403"):
                await one.ws_connect("/ws", headers=foreign)
        rebound = {"Host": "evil.com", "Origin": "http://evil.com"}
        answer = await ask(one, "/", headers=rebound)
        assert answer.said == (403, "This is not an address of the lab.")
        bare = ClientSession(place.address, cookie_jar=one.cookie_jar)
        async with bare:  # what is no browser brings no Origin: it may look, not act
            assert (await ask(bare, "/")).status == 200
            assert (await put(bare, "/files/a.csv", b"a")).status == 403
        assert not list(tmp_path.rglob("a.csv"))


async def test_a_proxy_has_another_name_and_a_tunnel_another_port(tmp_path: Path) -> None:
    public = "https://lab.example.org/linreg/"
    async with serving(tmp_path, public_url=public) as place, visitor(place) as one:
        cookie = (await ask(one, f"/?token={TOKEN}")).headers["Set-Cookie"]
        assert "Secure" in cookie
        for host, origin in (
            ("lab.example.org", "https://lab.example.org"),
            (f"127.0.0.1:{place.port}", "https://lab.example.org"),
            ("localhost:9000", "http://localhost:9000"),
        ):
            headers = {"Host": host, "Origin": origin, "Cookie": cookie.split(";")[0]}
            assert (await put(one, "/files/a.csv", b"a", headers=headers)).status == 200
    assert Serving(FAKE, TOKEN, public_url=public).address(1) == f"{public}?token={TOKEN}"
    assert Serving(FAKE, TOKEN, host="::1").address(1) == f"http://[::1]:1/?token={TOKEN}"
    assert Serving(FAKE, TOKEN, host="0.0.0.0").address(1).endswith(f":1/?token={TOKEN}")


# Sessions --------------------------------------------------------------------------------------


async def test_a_session_draws_hears_keys_and_is_gone_with_its_tab(tmp_path: Path) -> None:
    async with serving(tmp_path) as place:
        async with session(place, "?width=100&height=1e9") as one:
            pid, size = (await hears(one)).split()
            assert size == "80x24"
            await types(one, "where ü €")
            await hears(one, "heard where ü €")
            await one.send_json(["resize", {"width": 9**9, "height": 30}])
            heard = json.loads((await hears(one, "resize")).removeprefix("heard "))
            assert (heard["width"], heard["height"]) == (LARGEST[0], 30)
            assert lives(int(pid))
        await eventually(lambda: not place.server.sessions.present)
        assert not lives(int(pid))


async def test_what_an_app_has_started_ends_with_it_though_it_hears_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sessions, "GRACE", 0.05)
    async with serving(tmp_path) as place:
        async with session(place) as one:
            pid = int((await hears(one)).split()[0])
            await types(one, "spawn")
            child = int((await hears(one, "child")).split()[1])
            await types(one, "deaf")
            await hears(one, "deaf")
            assert lives(child)
        await eventually(lambda: not (lives(pid) or lives(child)))


async def test_an_app_that_hears_nothing_is_ended_though_much_was_typed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sessions, "GRACE", 0.05)
    monkeypatch.setattr(sessions, "MOST_DEAF", 0.05)
    async with serving(tmp_path) as place:
        async with session(place) as one:
            pid = int((await hears(one)).split()[0])
            await types(one, "deaf")
            await hears(one, "deaf")
            await types(one, "x" * (MOST_BYTES - 100))  # more than the pipe holds
            assert await farewell(one) == ""
        await eventually(lambda: not place.server.sessions.present)
        assert not lives(pid)


async def test_an_app_is_killed_though_its_end_is_not_waited_for(tmp_path: Path) -> None:
    place = Sessions(FAKE, Visitors(tmp_path, math.inf))

    async def hand(packet: Packet) -> None:
        pass

    async with place.session("one", (80, 24), hand) as one:
        assert one
        await one.tell(packed(b"D", b"deaf"))
        ending = asyncio.create_task(one.end())
        await asyncio.sleep(0)
        ending.cancel()
        await asyncio.gather(ending, return_exceptions=True)
        assert await one.process.wait() == -signal.SIGKILL
    await place.close()


async def test_one_too_many_is_told_so_and_has_the_place_of_who_leaves(tmp_path: Path) -> None:
    async with serving(tmp_path, Bounds(sessions=2)) as place, session(place) as first:
        await hears(first)
        async with session(place) as second:
            await hears(second)
            async with session(place) as third:
                words = "All 2 places are taken; one is free as soon as somebody leaves."
                assert await farewell(third) == words
            await types(first, "still here")
            await hears(first, "still here")
        async with session(place) as third:
            await hears(third)  # though the second may just be ending


async def test_who_presses_no_key_gives_the_place_to_others(tmp_path: Path) -> None:
    async with serving(tmp_path, SOON) as place, session(place) as one:
        assert await farewell(one) == "Nobody pressed a key for a long time, so the lab has ended."
        await eventually(lambda: not place.server.sessions.present)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux bounds a process from outside")
async def test_an_app_stands_back_and_has_its_memory_bounded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sessions, "LOOK_INTERVAL", 0.01)
    async with serving(tmp_path) as place, session(place) as one:
        await types(one, "limits")
        _, memory, nice = (await hears(one, "limits 2")).split()
        assert int(memory) == place.server.sessions.bounds.memory
        assert int(nice) >= sessions.NICE
        monkeypatch.setattr(sessions, "MOST_OF_DATA", -1)
        words = "This took up too much memory, so the lab has ended."
        assert await farewell(one) == words


async def test_who_fills_the_disk_is_stopped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sessions, "MOST_KEPT", 1000)
    monkeypatch.setattr(sessions, "LOOK_INTERVAL", 0.01)
    async with serving(tmp_path) as place, visitor(place) as one:
        await put(one, "/files/a.csv", bytes(1001))
        async with one.ws_connect("/ws") as socket:
            words = "Your files took up too much room, so the lab has ended."
            assert await farewell(socket) == words


@pytest.mark.parametrize("frame", ["", "[", '["stdin", 3]', '{"a": 1}', "[" * 100_000])
async def test_a_malformed_frame_ends_one_session_and_no_other(tmp_path: Path, frame: str) -> None:
    async with serving(tmp_path) as place, session(place) as good, session(place) as bad:
        await hears(bad)
        await bad.send_str(frame)
        words = "The page sent something that is no key, so the lab has ended."
        assert await farewell(bad) == words
        await types(good, "on")
        await hears(good, "on")


async def test_bytes_and_frames_too_long_end_a_session(tmp_path: Path) -> None:
    async with serving(tmp_path) as place:
        async with session(place) as one:
            await one.send_bytes(b"x")
            assert "no key" in await farewell(one)
        async with session(place) as one:
            await one.send_str(json.dumps(["stdin", "x" * MOST_BYTES]))
            await farewell(one)
        await eventually(lambda: not place.server.sessions.present)


@pytest.mark.parametrize("keys", ["crash", "garbage"])
async def test_an_app_that_dies_ends_its_session(tmp_path: Path, keys: str) -> None:
    async with serving(tmp_path) as place, session(place) as one:
        await hears(one)
        await types(one, keys)
        assert await farewell(one) == ""
        await eventually(lambda: not place.server.sessions.present)


async def test_an_app_that_cannot_be_started_is_said(tmp_path: Path) -> None:
    async with serving(tmp_path, app=("/nowhere/to/be/found",)) as place, session(place) as one:
        assert await farewell(one) == "The lab cannot start: No such file or directory"


async def test_the_end_of_the_server_is_said_and_ends_all(tmp_path: Path) -> None:
    async with AsyncExitStack() as visits:
        async with serving(tmp_path) as place:
            sockets = [await visits.enter_async_context(session(place)) for _ in range(3)]
            pids = [int((await hears(each)).split()[0]) for each in sockets]
        assert [await farewell(each) for each in sockets] == ["The server has ended."] * 3
        assert not any(map(lives, pids))


# Files -----------------------------------------------------------------------------------------


async def test_files_come_and_go_in_the_folder_of_their_visitor(tmp_path: Path) -> None:
    async with serving(tmp_path) as place, visitor(place) as one, visitor(place) as other:
        answer = await put(one, "/files/C:%5Cmy%20prices.csv", b"x,y\n1,2\n")
        assert (answer.status, answer.text) == (200, "my prices.csv")
        (file,) = tmp_path.rglob("my prices.csv")
        assert file.read_bytes() == b"x,y\n1,2\n"
        async with one.ws_connect("/ws") as socket:
            await hears(socket)
            await types(socket, "where")
            assert await hears(socket, str(file.parent))
            await socket.send_json(["open", "my prices.csv"])
            assert json.loads((await hears(socket, "open")).removeprefix("heard ")) == {
                "type": "open",
                "name": "my prices.csv",
            }
            await types(socket, "deliver my.svg")
            message = await socket.receive()
            while message.type.name != "TEXT":
                message = await socket.receive()
            assert message.json() == ["deliver", {"type": "deliver", "name": "my.svg"}]
        answer = await ask(one, "/files/my%20prices.csv")
        assert answer.content == b"x,y\n1,2\n"
        saved = "attachment; filename*=UTF-8''my%20prices.csv"
        assert answer.headers["Content-Disposition"] == saved
        assert (await put(one, "/files/my%20prices.csv.gz", b"another")).status == 200
        assert (await ask(one, "/files/my%20prices.csv")).content == b"x,y\n1,2\n"
        assert (await ask(other, "/files/my%20prices.csv")).status == 404
        secret = tmp_path / "secret.csv"
        secret.write_text("x")
        (file.parent / "link.csv").symlink_to(secret)
        for path in (
            "link.csv",
            "..%2fsecret.csv",
            "%2e%2e%2fsecret.csv",
            "%2fetc%2fpasswd",
            "a%00b",
            "x" * 999,
        ):
            assert (await ask(one, f"/files/{path}")).status == 404, path


@pytest.mark.parametrize(
    ("name", "words"),
    [
        (".linreg-tui", ".linreg-tui: no name for a file"),
        ("a%1b.csv", "a\\x1b.csv: no name for a file"),
        ("a.py", "a.py: only files of data are taken: .csv, .tsv, .tab, .txt, .dat, .data, .gz,"),
        ("settings.toml", "settings.toml: only files of data are taken"),
        ("long" * 99 + ".csv", "longlonglonglonglong …: the name is too long"),
        ("large.csv", "large.csv is too large: 16 MiB a file, 128 MiB together"),
    ],
)
async def test_files_that_are_not_taken(tmp_path: Path, name: str, words: str) -> None:
    async with serving(tmp_path) as place, visitor(place) as one:
        size = files.MOST_UPLOADED + 1 if name == "large.csv" else 9
        answer = await put(one, f"/files/{name}", bytes(size))
        assert answer.status == 400
        assert (answer.text).startswith(words)
        assert size_of(tmp_path) == 0


async def test_all_files_of_a_visitor_have_a_bound(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "MOST_KEPT", 1000)
    async with serving(tmp_path) as place, visitor(place) as one:
        statuses = [(await put(one, f"/files/{k}.csv", bytes(400))).status for k in range(4)]
        assert statuses == [200, 200, 400, 400]


async def test_the_bound_holds_for_files_that_come_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def content() -> AsyncIterator[bytes]:
        yield bytes(400)
        (tmp_path / "other.csv").write_bytes(bytes(700))
        yield bytes(1)

    monkeypatch.setattr(files, "MOST_KEPT", 1000)
    with pytest.raises(files.Refused, match=r"one\.csv is too large"):
        await files.take("one.csv", content(), tmp_path)
    assert [file.name for file in tmp_path.iterdir()] == ["other.csv"]


# Strangers -------------------------------------------------------------------------------------


async def test_a_thousand_connections_are_bounded_and_keep_nobody_from_working(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "MOST_FROM_NETWORK", math.inf)
    async with serving(tmp_path) as place, session(place) as one:
        await hears(one)
        held = deque[tuple[asyncio.StreamReader, asyncio.StreamWriter]]()
        for _ in range(1000):
            held.append(await asyncio.open_connection("127.0.0.1", place.port))
            if len(held) > server.MOST_CONNECTIONS + 100:
                held.popleft()[1].close()
        await types(one, "on")
        await hears(one, "on")
        refused = sum(bool(reader.at_eof() or reader.exception()) for reader, _ in held)
        assert refused >= 100
        for _, writer in held:
            writer.close()
        async with session(place) as other:
            await hears(other)


@pytest.mark.skipif(sys.platform != "linux", reason="others have 127.0.0.1 alone")
async def test_connections_of_one_address_keep_those_of_others_from_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "MOST_CONNECTIONS", 12)
    monkeypatch.setattr(server, "MOST_FROM_NETWORK", 5)
    async with serving(tmp_path) as place:
        greedy = [
            await asyncio.open_connection("127.0.0.1", place.port, local_addr=("127.0.0.2", 0))
            for _ in range(50)
        ]
        readers = [reader for reader, _ in greedy]

        def refused() -> int:
            return sum(bool(each.at_eof() or each.exception()) for each in readers)

        await eventually(lambda: refused() == 45)
        async with session(place) as other:
            await hears(other)
        for _, writer in greedy:
            writer.close()
        assert refused() == 45


async def test_who_asks_for_nothing_is_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "SILENCE", 0.05)
    async with serving(tmp_path) as place:
        for begin in (b"", b"GET / HT", b"GET / HTTP/1.1\r\nHost: localhost\r\n"):
            reader, writer = await asyncio.open_connection("127.0.0.1", place.port)
            writer.write(begin)
            assert await asyncio.wait_for(reader.read(), 30) == b"", begin
            writer.close()


LINES = st.lists(st.binary(max_size=40) | st.sampled_from([b"GET / HTTP/1.1", b"Host: localhost"]))


@settings(max_examples=15)
@given(st.lists(LINES, min_size=1, max_size=20))
def test_whatever_comes_over_a_socket_the_next_is_answered(requests: list[list[bytes]]) -> None:
    async def send(place: Place, request: bytes) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", place.port)
        writer.write(request)
        writer.write_eof()
        answer = await asyncio.wait_for(reader.read(), 30)
        assert answer == b"" or answer.startswith(b"HTTP/1.")
        assert b" 200 " not in answer
        writer.close()

    async def strangers() -> None:
        async with serving(Path("never-there")) as place:
            for lines in requests:
                await send(place, b"\r\n".join(lines) + b"\r\n\r\n")
            async with visitor(place) as one:
                assert (await ask(one, "/")).status == 200

    asyncio.run(strangers())


# Ports and folders -----------------------------------------------------------------------------


def test_a_port_in_use_is_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(BadInput, match=f"--port={port}: is in use"):
            bound("127.0.0.1", port)


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (errno.EACCES, "--port=80: is for the system; take one from 1024 on"),
        (errno.EADDRNOTAVAIL, "--host=lab: no address of this machine"),
        (errno.ENOBUFS, "--port=80: out of room"),
    ],
)
def test_why_a_port_cannot_be_had(number: int, words: str) -> None:
    assert str(unbound("lab", 80, OSError(number, "out of room"))) == words


def test_an_address_that_is_not_here_does_not_count_beside_one_that_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    infos = [
        (family, socket.SOCK_STREAM, 6, "", (address, 0))
        for family, address in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET, "192.0.2.1"))
    ]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: infos)
    (port,) = bound("localhost", 0)
    port.close()
    del infos[0]
    with pytest.raises(BadInput, match="--host=localhost: no address of this machine"):
        bound("localhost", 0)


@pytest.mark.parametrize("host", ["no such host", "999.1.1.1", "a" * 70, "."])
def test_a_host_that_is_none_is_named(host: str) -> None:
    with pytest.raises(BadInput, match=r"--host=.*: no such address"):
        bound(host, 0)


def test_the_folder_of_visitors_goes_with_the_server_unless_it_is_kept(tmp_path: Path) -> None:
    with folder_of_visitors(None) as folder:
        Visitors(folder, 1.0).folder("one").joinpath("a.csv").write_text("a")
        assert (folder.stat().st_mode & 0o777) == 0o700
    assert not folder.exists()
    with folder_of_visitors(tmp_path / "kept" / "here") as folder:
        kept = Visitors(folder, math.inf).folder("one") / "a.csv"
        kept.write_text("a")
    assert kept.exists()
    assert kept.parent.name not in ("one", "")
    with (
        pytest.raises(BadInput, match=r"--keep=.*: cannot be written: File exists"),
        folder_of_visitors(kept),
    ):
        pass


def test_visitors_who_left_long_ago_are_forgotten_and_those_present_never(tmp_path: Path) -> None:
    time = 0.0
    visitors = Visitors(tmp_path, patience=10, now=lambda: time)
    with visitors.visit("present") as present:
        left = visitors.folder("left")
        with visitors.visit("left"):
            time = 20
            visitors.folder("other")
            assert left.exists()
        time = 30
        visitors.folder("other")
        assert left.exists()
        time = 31
        visitors.folder("another")
        assert not left.exists()
        time = 60
        assert visitors.folder("another").exists()  # whoever comes back has a folder
        many = [visitors.folder(str(k)) for k in range(MOST_AWAY + 3)]
        assert [folder.exists() for folder in many[:5]] == [False, False, False, True, True]
        assert present.exists()
    keeping = Visitors(tmp_path, math.inf, now=lambda: time)
    kept = [keeping.folder(str(k)) for k in range(MOST_AWAY + 3)]
    time = 1e9
    keeping.forget()
    assert all(folder.exists() for folder in kept)
