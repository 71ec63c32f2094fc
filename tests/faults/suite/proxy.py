"""A proxy before Valkey's socket, on a TCP port of its own, that resets every connection when told."""

import socket
import struct
import threading
from contextlib import suppress
from pathlib import Path
from types import TracebackType

#: Closing with no time to linger sends a reset.
RESET = struct.pack("ii", 1, 0)


class Proxy:
    """Use it as a context manager."""

    def __init__(self, behind: Path) -> None:
        self._behind = str(behind)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._pairs: list[tuple[socket.socket, socket.socket]] = []
        self._lock = threading.Lock()
        self.url = f"redis://127.0.0.1:{self._listener.getsockname()[1]}/0"

    def reset(self) -> int:
        """Reset every connection; count them."""
        with self._lock:
            pairs, self._pairs = self._pairs, []
        for outside, inside in pairs:
            with suppress(OSError):
                outside.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
            for each in (outside, inside):
                with suppress(OSError):
                    each.shutdown(socket.SHUT_RD)
                each.close()
        return len(pairs)

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                outside, _ = self._listener.accept()
                inside = socket.socket(socket.AF_UNIX)
                inside.connect(self._behind)
                with self._lock:
                    self._pairs.append((outside, inside))
                for source, target in ((outside, inside), (inside, outside)):
                    threading.Thread(target=_pump, args=(source, target), daemon=True).start()

    def __enter__(self) -> "Proxy":
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._listener.close()
        self.reset()


def _pump(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while octets := source.recv(65536):
            target.sendall(octets)
    for each in (source, target):
        with suppress(OSError):
            each.shutdown(socket.SHUT_RDWR)
