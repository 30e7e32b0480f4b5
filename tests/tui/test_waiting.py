"""What the tests' clock leaves out of waiting for timers is the waiting."""

from __future__ import annotations

import asyncio
import socket
import threading

from tests.support import waiting
from tests.support.waiting import now

HOUR = 3600.0


async def test_timers_fire_in_their_order_and_nobody_waits_for_them() -> None:
    loop, fired, start = asyncio.get_running_loop(), list[str](), now()
    for hours, name in ((2, "second"), (1, "first"), (3, "third")):
        loop.call_later(hours * HOUR, fired.append, name)
    await asyncio.sleep(2.5 * HOUR)
    assert fired == ["first", "second"]
    assert now() - start >= 2.5 * HOUR
    assert loop.time() - start >= 2.5 * HOUR


async def test_a_thread_at_work_is_heard_and_holds_no_timer_up() -> None:
    loop, due, heard = asyncio.get_running_loop(), threading.Event(), asyncio.Event()

    def work() -> None:
        due.wait()
        loop.call_soon_threadsafe(heard.set)

    thread = threading.Thread(target=work)
    thread.start()
    loop.call_later(HOUR, due.set)
    await heard.wait()
    thread.join()


async def test_what_comes_over_a_connection_has_its_time() -> None:
    loop, heard = asyncio.get_running_loop(), asyncio.Event()
    here, there = socket.socketpair()
    with here, there:
        loop.add_reader(here, heard.set)
        skipped = waiting.skipped
        loop.call_later(0.001, there.send, b"!")
        async with asyncio.timeout(HOUR):
            await heard.wait()
        assert waiting.skipped == skipped
        loop.remove_reader(here)
