"""The server: a page, its parts, files that come and go, and a socket for each session."""

from __future__ import annotations

import asyncio
import math
import signal
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import ExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from urllib.parse import quote, urlsplit

from aiohttp import WSCloseCode, WSMsgType, web

from engine.runs.store import Store
from engine.support.translation import tr, trn
from tui.serve import files
from tui.serve.frames import MOST_BYTES, Malformed, Packet, packet_of, size_in
from tui.serve.gate import COOKIE, Gate, names_of, network_of, origin_of, visitor_in
from tui.serve.pages import HEADERS, assets, page, words
from tui.serve.ports import bound, own_address
from tui.serve.sessions import ENOUGH, GRACE, Bounds, Session, Sessions
from tui.serve.show import Show
from tui.serve.viewing import look_on
from tui.serve.visitors import Visitors, folder_of_visitors

MOST_CONNECTIONS = 256
"""At once; more are closed as they come."""
MOST_FROM_NETWORK = MOST_CONNECTIONS // 2
"""Of those, from one address, or of IPv6 from one network: a room or a proxy may have one alone."""
SILENCE = 10.0
"""Seconds after which a connection that asks for nothing is closed."""
HEARTBEAT = 10.0
"""Seconds between two questions to a browser whether it is still there."""
HANDED_ON = ("deliver", "colors")
"""What an app tells the page."""

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
VISITOR = web.RequestKey("visitor", str)


@dataclass(frozen=True)
class Serving:
    """What is served, and where."""

    app: tuple[str, ...]
    """The command that draws the lab, by Textual's driver."""
    token: str
    host: str = "127.0.0.1"
    port: int = 8123
    public_url: str = ""
    """Under which a proxy serves the page; empty without one."""
    keep: Path | None = None
    """The folder of the visitors' folders; None for one that goes with the server."""
    bounds: Bounds = ENOUGH
    shown: Store | None = None
    """Whose newest run all visitors see, in place of a lab of their own."""

    @property
    def gate(self) -> Gate:
        """Who is let in."""
        public = urlsplit(self.public_url).netloc
        return Gate(self.token, names_of((self.host, public)), origin_of(self.public_url))

    def address(self, port: int) -> str:
        """Where a browser finds the page, with the token in it."""
        if self.public_url:
            return f"{self.public_url.rstrip('/')}/?token={self.token}"
        host = own_address() if self.host in ("0.0.0.0", "::") else self.host
        return f"http://{f'[{host}]' if ':' in host else host}:{port}/?token={self.token}"


class Server:
    """The answers to all requests."""

    def __init__(self, serving: Serving, visitors: Visitors) -> None:
        self.gate, self.visitors = serving.gate, visitors
        self.cookie = f"{COOKIE}-{serving.port}"
        self.is_secure = serving.public_url.startswith("https:")
        self.sessions = Sessions(serving.app, visitors, serving.bounds)
        self.sockets: set[web.WebSocketResponse] = set()
        self.assets = assets()
        self.show = Show(serving.shown) if serving.shown else None
        self.page = page(is_show=self.show is not None)

    def application(self) -> web.Application:
        """All routes, behind the gate."""
        application = web.Application(middlewares=[self.guard], client_max_size=0)
        routes = [
            web.get("/", self.show_page),
            web.get("/assets/{name}", self.send_asset),
            web.get("/ws", partial(self.run_show, self.show) if self.show else self.run_session),
        ]
        if not self.show:
            routes += [
                web.get("/files/{name:.+}", self.send_file),
                web.put("/files/{name}", self.take_file),
            ]
        application.add_routes(routes)
        application.on_response_prepare.append(self.add_headers)
        application.on_shutdown.append(self.close_sockets)
        return application

    # The gate --------------------------------------------------------------------------------

    @web.middleware
    async def guard(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Let in who has the cookie, or the token for it; refuse all others in words."""
        host, origin = request.headers.get("Host", ""), request.headers.get("Origin", "")
        changes = request.path == "/ws" or request.method not in ("GET", "HEAD")
        if not self.gate.is_host(host):
            return refused(403, tr("This is not an address of the lab."))
        if (changes or origin) and not self.gate.is_origin(origin, host):
            return refused(403, tr("Only the lab's own page may do this."))
        cookie = request.cookies.get(self.cookie, "")
        visitor = self.gate.visitor(cookie)
        token = request.query.get("token", "")
        if token and request.path == "/":
            if not self.gate.knows_token(token):
                return refused(403, tr("This token is not the right one."))
            visitor = visitor or visitor_in(cookie)
        if not visitor:
            text = tr("Open the whole address that the server has printed, with its token.")
            return refused(403, text)
        request[VISITOR] = visitor
        try:
            return await handler(request)
        except web.HTTPException as error:
            return refused(error.status, tr("There is nothing here."))

    async def add_headers(self, request: web.Request, response: web.StreamResponse) -> None:
        """Have the browser ask no third party for anything."""
        response.headers.update(HEADERS)
        response.headers.pop("Server", None)

    # The page --------------------------------------------------------------------------------

    async def show_page(self, request: web.Request) -> web.StreamResponse:
        """The page; its script takes the token out of the address, which the cookie stands for."""
        response = web.Response(text=self.page, content_type="text/html")
        response.set_cookie(
            self.cookie,
            self.gate.cookie(request[VISITOR]),
            path="",  # that of the page, also behind a proxy
            httponly=True,
            samesite="Strict",
            secure=self.is_secure,
        )
        return response

    async def send_asset(self, request: web.Request) -> web.StreamResponse:
        """A part of the page."""
        file = self.assets.get(request.match_info["name"])
        if file is None:
            raise web.HTTPNotFound
        return web.FileResponse(file)

    # Files -----------------------------------------------------------------------------------

    async def send_file(self, request: web.Request) -> web.StreamResponse:
        """A file of the visitor's, to be saved."""
        name = request.match_info["name"]
        content = files.opened(name, self.visitors.folder(request[VISITOR]))
        if content is None:
            raise web.HTTPNotFound
        headers = {
            "Content-Disposition": f"attachment; filename*=UTF-8''{quote(Path(name).name)}",
            "Content-Type": "application/octet-stream",
        }
        # aiohttp's FileResponse would send a file `NAME.gz` beside it for the same, compressed.
        return web.Response(body=content, headers=headers)

    async def take_file(self, request: web.Request) -> web.StreamResponse:
        """Keep a file that the visitor brings; the answer is its name, or why it is not taken."""
        folder = self.visitors.folder(request[VISITOR])
        try:
            name = await files.take(request.match_info["name"], request.content.iter_any(), folder)
        except files.Refused as error:
            return web.Response(status=400, text=str(error))
        return web.Response(text=name)

    # Sessions --------------------------------------------------------------------------------

    async def run_session(self, request: web.Request) -> web.StreamResponse:
        """A session for as long as this page shows it."""
        size = size_in(request.query.get("width", ""), request.query.get("height", ""))
        connection = web.WebSocketResponse(heartbeat=HEARTBEAT, max_msg_size=MOST_BYTES)
        await connection.prepare(request)
        self.sockets.add(connection)
        try:
            hand = partial(hand_over, connection)
            async with self.sessions.session(request[VISITOR], size, hand) as session:
                if session:
                    farewell = await self.carry(session, connection)
                else:
                    farewell = trn(
                        "The only place is taken; it is free as soon as its visitor leaves.",
                        "All {n} places are taken; one is free as soon as somebody leaves.",
                        n=self.sessions.bounds.sessions,
                    )
                await say_farewell(connection, farewell)
        except OSError as error:
            reason = error.strerror or str(error)
            await say_farewell(connection, tr("The lab cannot start: {reason}", reason=reason))
        finally:
            self.sockets.discard(connection)
        return connection

    async def run_show(self, show: Show, request: web.Request) -> web.StreamResponse:
        """The newest run of the store for one more who looks, until they leave."""
        size = size_in(request.query.get("width", ""), request.query.get("height", ""))
        connection = web.WebSocketResponse(heartbeat=HEARTBEAT, max_msg_size=MOST_BYTES)
        await connection.prepare(request)
        self.sockets.add(connection)
        try:
            await say_farewell(connection, await look_on(show, connection, size))
        finally:
            self.sockets.discard(connection)
        return connection

    async def carry(self, session: Session, connection: web.WebSocketResponse) -> str:
        """Tell the session what the page says until one has ended; returns why, in words."""

        async def listen() -> None:
            async for message in connection:
                if message.type is not WSMsgType.TEXT:
                    raise Malformed
                if packet := packet_of(message.data):
                    await session.tell(packet)

        tasks = {asyncio.ensure_future(task) for task in (listen(), session.over.wait())}
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            if any(isinstance(task.exception(), Malformed) for task in done):
                session.over.set()
                return tr("The page sent something that is no key, so the lab has ended.")
            return session.farewell
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def close_sockets(self, application: web.Application) -> None:
        """End all sessions, each on its own."""
        farewell = tr("The server has ended.")
        await asyncio.gather(*(say_farewell(socket, farewell) for socket in set(self.sockets)))
        await self.sessions.close()


async def hand_over(connection: web.WebSocketResponse, packet: Packet) -> None:
    """Hand the page what an app says."""
    if packet.kind == b"D":
        await connection.send_bytes(packet.content)
    elif packet.kind == b"M" and (kind := packet.values.get("type")) in HANDED_ON:
        await connection.send_json([kind, packet.values])


async def say_farewell(connection: web.WebSocketResponse, text: str) -> None:
    """Say on the page why there is no lab any more, and close its socket."""
    with suppress(ConnectionError, RuntimeError):
        if not connection.closed:
            await connection.send_json(["end", text])
        await connection.close(code=WSCloseCode.OK)


def refused(status: int, text: str) -> web.Response:
    """A page that says why there is nothing to see, on a connection that ends with it."""
    response = web.Response(status=status, text=words(text), content_type="text/html")
    response.force_close()
    return response


# From start to end ---------------------------------------------------------------------------


class Door(asyncio.Protocol):
    """Where a connection comes in: the server answers it, unless it is one too many."""

    def __init__(self, server: web.Server) -> None:
        self.server = server

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Hand it over, or close it at once."""
        assert isinstance(transport, asyncio.Transport)
        network = network_of(transport.get_extra_info("peername"))
        others = [network_of(each.peername) for each in self.server.connections]
        if len(others) >= MOST_CONNECTIONS or others.count(network) >= MOST_FROM_NETWORK:
            transport.abort()
        else:
            handler = self.server()
            transport.set_protocol(handler)
            handler.connection_made(transport)


def serve(serving: Serving, opened: Callable[[str], None]) -> None:
    """Serve until a signal ends the process; `opened` hears of the address. Raises BadInput."""
    with ExitStack() as ending:
        sockets = [ending.enter_context(port) for port in bound(serving.host, serving.port)]
        root = ending.enter_context(folder_of_visitors(serving.keep))
        patience = math.inf if serving.keep else serving.bounds.idle
        server = Server(serving, Visitors(root, patience))
        asyncio.run(run(server, sockets, lambda port: opened(serving.address(port))))


async def run(server: Server, sockets: list[socket.socket], opened: Callable[[int], None]) -> None:
    """Answer requests until a signal comes; `opened` hears of the port."""
    ended, loop = asyncio.Event(), asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, ended.set)
    async with answering(server, sockets) as port:
        opened(port)
        await ended.wait()


@asynccontextmanager
async def answering(server: Server, sockets: list[socket.socket]) -> AsyncIterator[int]:
    """Answer requests on a port, and end all that goes on behind the block."""
    loop = asyncio.get_running_loop()
    runner = web.AppRunner(
        server.application(), access_log=None, keepalive_timeout=SILENCE, shutdown_timeout=GRACE
    )
    await runner.setup()

    assert runner.server
    door = partial(Door, runner.server)
    listeners = [await loop.create_server(door, sock=port) for port in sockets]
    try:
        yield sockets[0].getsockname()[1]
    finally:
        for listener in listeners:
            listener.close()
        await runner.cleanup()
