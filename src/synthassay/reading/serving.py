"""Opening the room: the address it listens at, and who is invited to it."""

from __future__ import annotations

import hashlib
import ipaddress
import time
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlsplit

from synthassay.errors import ReadingError, did_you_mean
from synthassay.reading.access import COORDINATOR, READER, invite
from synthassay.reading.app import LOOPBACK, create_app
from synthassay.reading.chain import ChainCheck, verify_chain
from synthassay.reading.compiling import DESIGN, IMAGES, TRUTH, read_design
from synthassay.reading.store import Store, database_url
from synthassay.records.reading import Design, EncodedImage

PORT = 8377
MOST_AT_ONCE = 400


def check_images(folder: Path, design: Design) -> None:
    """Hold every encoded image against the design.

    Raises:
        ReadingError: An image is missing or was changed after compiling.
    """
    digest = hashlib.sha256()
    for name in sorted({one for plan in design.readers for trial in plan.trials for one in trial.images}):
        try:
            head = EncodedImage.read(folder / IMAGES / f"{name}.json")
            with (folder / IMAGES / f"{name}.bin").open("rb") as stream:
                pixels = hashlib.file_digest(stream, "sha256").hexdigest()
        except OSError as problem:
            raise ReadingError(str(folder / IMAGES), f"lacks an image: {problem.strerror}", value=name) from None
        digest.update(f"{name} {head.digest()} {pixels}\n".encode())
    if digest.hexdigest() != design.images_sha256:
        remedy = "Restore the folder that was compiled; readers must see what the design fixed."
        raise ReadingError(str(folder / IMAGES), "are not the images that this design was compiled with", remedy=remedy)


def make_invitation(
    folder: Path, who: str, *, database: str = "", coordinator: bool = False, days: float = 30.0, url: str = ""
) -> str:
    """Invite a reader or coordinator and return the link, which is shown once and kept nowhere.

    Raises:
        ReadingError: The study has no such reader.
    """
    design = read_design(folder)
    codes = [plan.reader for plan in design.readers]
    if not coordinator and who not in codes:
        raise ReadingError(str(folder / DESIGN), "has no such reader", value=who, remedy=did_you_mean(who, codes))
    if coordinator and (who in codes or not 0 < len(who) <= 40):
        raise ReadingError("coordinator", "needs a code of its own, which is no reader's", value=who)
    store = Store(database_url(folder, database), design.digest())
    try:
        role = COORDINATOR if coordinator else READER
        token = invite(store, who, role, now=time.time(), days=days)
    finally:
        store.close()
    return f"{(url or f'http://127.0.0.1:{PORT}').rstrip('/')}/#invitation={token}"


def verify_readings(folder: Path, database: str = "") -> ChainCheck:
    """Check design, images, log and responses of a study.

    Raises:
        ReadingError: Images or database are not this design's.
    """
    design = read_design(folder)
    check_images(folder, design)
    store = Store(database_url(folder, database), design.digest())
    try:
        return verify_chain(store)
    finally:
        store.close()


def serve(folder: Path, *, host: str, port: int, database: str, url: str, proxy: bool, plain: bool = False) -> None:
    """Serve a study until it is stopped.

    Args:
        folder: Of the compiled study.
        host: Address to listen at; other machines reach only what is not loopback.
        port: Port.
        database: SQLAlchemy URL; SQLite in the folder where empty.
        url: How readers reach the room, where that differs, such as https://readings.hospital.example.
        proxy: Whether a proxy on this machine passes on who asks (X-Forwarded-For, -Proto).
        plain: Whether all readers get the plain viewer, whatever their browsers can do.

    Raises:
        ReadingError: Other machines could reach the room, and no ``url`` says under which name.
    """
    import uvicorn

    design = read_design(folder)
    check_images(folder, design)
    app = create_app(
        folder, database=database, hosts=host_names(host, url), secure=url.startswith("https:"),
        viewers={} if plain else None,
    )  # fmt: skip
    uvicorn.run(
        app, host=host, port=port, log_level="warning", access_log=False, server_header=False, date_header=False,
        proxy_headers=proxy, forwarded_allow_ips="127.0.0.1" if proxy else None, limit_concurrency=MOST_AT_ONCE,
        timeout_keep_alive=30,
    )  # fmt: skip


def host_names(host: str, url: str) -> Sequence[str]:
    """Return the names that the room answers to.

    Raises:
        ReadingError: It listens to other machines, and no ``url`` says under which name they reach it.
    """
    loopback = host == "localhost" or _is_loopback(host)
    if not loopback and not url:
        raise ReadingError(
            "--host",
            "opens the room to other machines",
            value=host,
            remedy="Say with --url how readers reach it, such as https://readings.hospital.example; behind a proxy "
            "that speaks HTTPS, keep --host 127.0.0.1 and add --proxy.",
        )
    named = urlsplit(url).hostname if url else None
    if url and not named:
        raise ReadingError(
            "--url", "is no address", value=url, remedy="Write it whole: https://readings.hospital.example"
        )
    return (*LOOPBACK, *([named] if named else []))


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def opening_lines(folder: Path, host: str, port: int, url: str) -> list[str]:
    """Return what is said when the room opens."""
    design = read_design(folder)
    lines = [f"{design.title}: {url or f'http://{host}:{port}/'}", "Stop with Ctrl-C; nothing is lost."]
    if (folder / TRUTH).exists():
        lines.append(f"note: {folder / TRUTH} is not opened here and is safer elsewhere until the analysis.")
    if url.startswith("http:") and not _is_loopback(urlsplit(url).hostname or ""):
        lines.append("note: without HTTPS, others on the network can read along; put a proxy with HTTPS in front.")
    return lines
