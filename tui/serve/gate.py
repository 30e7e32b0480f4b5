"""Who is let in: the token of the address, the cookie that it becomes, Host and Origin."""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlsplit

COOKIE = "linreg-tui"
"""With the port behind it: browsers keep the cookies of all ports of a machine together."""
SHORTEST_TOKEN = 16
DEFAULT_PORTS = {"http": 80, "https": 443}
"""Those that an origin does not name."""
_TOKEN = re.compile(rf"[\w.~-]{{{SHORTEST_TOKEN},256}}", re.ASCII)
_HOST = re.compile(r"[\w.:%\[\]-]+", re.ASCII)
_VISITOR = re.compile(r"[0-9a-f]{32}")


def new_token() -> str:
    """A token that nobody guesses."""
    return secrets.token_urlsafe(24)


def is_token(text: str) -> bool:
    """Whether a text can stand in an address and is long enough for a token."""
    return _TOKEN.fullmatch(text) is not None


@dataclass(frozen=True)
class Gate:
    """What a request must bring."""

    token: str
    names: frozenset[str] = frozenset()
    """Names of this server, besides its addresses and `localhost`."""
    origin: str = ""
    """The origin of the pages where a proxy serves them under another one."""

    def knows_token(self, given: str) -> bool:
        """Whether this is the token, found out in a time that tells nothing of it."""
        return hmac.compare_digest(given.encode("utf-8", "replace"), self.token.encode())

    def cookie(self, visitor: str) -> str:
        """The cookie by which a visitor is known again: an id, signed by the token."""
        return f"{visitor}.{self._signature(visitor)}"

    def visitor(self, cookie: str) -> str:
        """The visitor of a cookie; empty where the cookie is not from here."""
        visitor, _, signature = cookie.partition(".")
        if not (_VISITOR.fullmatch(visitor) and signature.isascii()):
            return ""
        return visitor if hmac.compare_digest(signature, self._signature(visitor)) else ""

    def _signature(self, visitor: str) -> str:
        return hmac.new(self.token.encode(), visitor.encode(), hashlib.sha256).hexdigest()

    def is_host(self, host: str) -> bool:
        """Whether a Host header names this server, on any port: `ssh -L` brings another one.

        A page of a stranger can have its own name point here (DNS rebinding), but never an address.
        """
        name = name_of(host)
        return bool(name) and (name == "localhost" or name in self.names or is_address(name))

    def is_origin(self, origin: str, host: str) -> bool:
        """Whether the page that asks came from this server; `origin` is empty for none."""
        return bool(origin) and origin in (self.origin, f"http://{host}", f"https://{host}")


def is_url(text: str) -> bool:
    """Whether a text is the address of a page on the web."""
    try:
        parts = urlsplit(text)
        return parts.scheme in ("http", "https") and bool(name_of(parts.netloc))
    except ValueError:
        return False


def origin_of(url: str) -> str:
    """The origin of the pages at an address, as browsers write it; empty for no address."""
    parts = urlsplit(url)
    if not (name := name_of(parts.netloc)):
        return ""
    host = f"[{name}]" if ":" in name else name
    is_default = parts.port in (None, DEFAULT_PORTS.get(parts.scheme))
    return f"{parts.scheme}://{host}" + ("" if is_default else f":{parts.port}")


def visitor_in(cookie: str) -> str:
    """The id in a cookie of any start of the server; a new one where there is none.

    Nobody can know the id of somebody else, so with the right token it needs no signature.
    """
    match = _VISITOR.match(cookie)
    return match.group() if match else secrets.token_hex(16)


def name_of(host: str) -> str:
    """The name or address in a Host header, in lower case; empty where it has none."""
    if not _HOST.fullmatch(host):
        return ""
    try:
        parts = urlsplit(f"//{host}")
        _ = parts.port  # raises where it is none
    except ValueError:
        return ""
    return (parts.hostname or "").lower()


def is_address(name: str) -> bool:
    """Whether a name is an address, IPv4 or IPv6."""
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def network_of(peer: object) -> str:
    """Where a socket's other end is, as one person has it: an address of IPv4, a /64 of IPv6.

    Empty where it is gone.
    """
    if not isinstance(peer, tuple):
        return ""
    address = ipaddress.ip_address(peer[0])
    if isinstance(address, ipaddress.IPv4Address):
        return str(address)
    own = address.ipv4_mapped or ipaddress.IPv6Network((int(address), 64), strict=False)
    return str(own)


def names_of(hosts: Iterable[str]) -> frozenset[str]:
    """The names in hosts, addresses and wildcards left out."""
    return frozenset(name for host in hosts if (name := name_of(host)) and not is_address(name))
