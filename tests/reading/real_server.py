"""The room in a process of its own, which a test may kill."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path


class RealServer:
    """A server process on a free port; ``kill`` ends it as a power cut would, ``start`` opens it again."""

    def __init__(self, study: Path, database: str = "", *options: str) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.study, self.database, self.options, self.process = study, database, options, None
        self.url = f"http://127.0.0.1:{self.port}"

    def start(self) -> RealServer:
        words = ["reader", "serve", str(self.study), "--port", str(self.port), *self.options]
        words += ["--database", self.database] if self.database else []
        code = "import sys; from synthassay.cli import main; sys.argv[1:] = " + repr(words) + "; main()"
        self.process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.DEVNULL, env=os.environ.copy())
        for _ in range(300):
            try:
                urllib.request.urlopen(self.url, timeout=1).close()
                return self
            except OSError:
                assert self.process.poll() is None, "the server ended by itself"
                time.sleep(0.05)
        raise AssertionError("the server did not come up")

    def kill(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
        if self.process is not None:
            self.process.wait()

    def invite(self, reader: str, **more) -> str:
        from synthassay.reading.serving import make_invitation

        return make_invitation(self.study, reader, database=self.database, url=self.url, **more)
