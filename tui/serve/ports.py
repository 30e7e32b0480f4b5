"""Where the server is reached: sockets bound to a port, and the address of this machine."""

from __future__ import annotations

import errno
import socket
from contextlib import suppress

from engine.support.errors import BadInput
from engine.support.translation import tr

NOT_HERE = (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT)
"""Of an address that this machine has not: `localhost` may name one of IPv6 where there is none."""


def bound(host: str, port: int) -> list[socket.socket]:
    """The sockets of a host's addresses, bound to a port, 0 for any free one; raises BadInput."""
    try:
        infos = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (OSError, UnicodeError):
        raise BadInput("--host", host, tr("no such address")) from None
    sockets: list[socket.socket] = []
    missing: OSError | None = None
    for family, _, _, _, address in dict.fromkeys(infos):
        try:
            sockets.append(bound_to(family, (address[0], port, *address[2:])))
        except OSError as error:
            if error.errno in NOT_HERE:
                missing = error
                continue
            for other in sockets:
                other.close()
            raise unbound(host, port, error) from None
        port = sockets[-1].getsockname()[1]
    if missing and not sockets:
        raise unbound(host, port, missing)
    return sockets


def bound_to(family: int, address: tuple[str | int, ...]) -> socket.socket:
    """A socket bound to an address; raises OSError."""
    port = socket.socket(family, socket.SOCK_STREAM)
    try:
        port.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            port.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        port.bind(address)
    except OSError:
        port.close()
        raise
    return port


def unbound(host: str, port: int, error: OSError) -> BadInput:
    """Why a port cannot be had."""
    match error.errno:
        case errno.EADDRINUSE:
            return BadInput("--port", port, tr("is in use; take another one, or 0 for a free one"))
        case errno.EACCES | errno.EPERM:
            return BadInput("--port", port, tr("is for the system; take one from 1024 on"))
        case errno.EADDRNOTAVAIL | errno.EAFNOSUPPORT:
            return BadInput("--host", host, tr("no address of this machine"))
    return BadInput("--port", port, error.strerror or str(error))


def own_address() -> str:
    """The address by which others find this machine; nothing is sent for it."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe, suppress(OSError):
        probe.connect(("192.0.2.1", 9))
        return str(probe.getsockname()[0])
    return socket.gethostname()
