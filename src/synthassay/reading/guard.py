"""What every request passes: size, host, origin; and what every response carries."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

LARGEST_BODY = 512 * 1024
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=()",
    "Cache-Control": "no-store",
    "X-Robots-Tag": "noindex, nofollow",
}

Refusal: TypeAlias = tuple[int, str]


class Guard:
    """ASGI middleware around the room.

    Args:
        app: The room.
        hosts: Host names that the room answers to, without ports; others are refused, which stops DNS rebinding.
    """

    def __init__(self, app: ASGIApp, hosts: Sequence[str]) -> None:
        self.app, self.hosts = app, frozenset(host.lower() for host in hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or refuse it."""
        if scope["type"] != "http":
            if scope["type"] == "lifespan":
                await self.app(scope, receive, send)
            return

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers[name] = value
            await send(message)

        headers = Headers(scope=scope)
        refusal = self._refusal(scope["method"], headers)
        body = b""
        if refusal is None and scope["method"] == "POST":
            body, refusal = await _body(receive)
        if refusal is not None:
            await JSONResponse({"problem": refusal[1]}, refusal[0])(scope, receive, send_guarded)
            return
        await self.app(scope, _replayed(body, receive) if scope["method"] == "POST" else receive, send_guarded)

    def _refusal(self, method: str, headers: Headers) -> Refusal | None:
        host = urlsplit(f"//{headers.get('host', '')}").hostname or ""
        rules: list[tuple[bool, Refusal]] = [
            (host.lower() in self.hosts, (421, "this room has another address")),
            (method in ("GET", "HEAD", "POST"), (405, "only GET and POST are answered")),
        ]
        if method == "POST":
            kind, length = headers.get("content-type", "").split(";")[0].strip(), headers.get("content-length", "0")
            rules += [
                (_same_site(headers), (403, "the request comes from another site")),
                (kind == "application/json", (415, "only JSON is taken")),
                (length.isdigit() and int(length) <= LARGEST_BODY, (413, "the request is too large")),
            ]
        return next((refusal for kept, refusal in rules if not kept), None)


def _same_site(headers: Headers) -> bool:
    origin, site = headers.get("origin"), headers.get("sec-fetch-site", "same-origin")
    near = origin is None or urlsplit(origin).netloc.lower() == headers.get("host", "").lower()
    return near and site in ("same-origin", "none")


async def _body(receive: Receive) -> tuple[bytes, Refusal | None]:
    """Read the body, and stop where it grows too large whatever its header said."""
    parts, size = [], 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return b"", (400, "the connection was cut")
        size += len(message.get("body", b""))
        if size > LARGEST_BODY:
            return b"", (413, "the request is too large")
        parts.append(message.get("body", b""))
        if not message.get("more_body", False):
            return b"".join(parts), None


def _replayed(body: bytes, receive: Receive) -> Receive:
    given = False

    async def again() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return again
