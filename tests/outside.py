"""Programs of others beside a test: a free port for them, and a wait until they answer there."""

import socket
import subprocess
import time

LOOK_AGAIN_SECONDS = 0.02


def free_port() -> int:
    """Find a port of 127.0.0.1 on which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until_up(process: "subprocess.Popen[bytes]", port: int, *, seconds: float) -> None:
    """Wait until somebody listens there.

    Errors: OSError, where the process has ended or stays silent for so long.
    """
    deadline = time.monotonic() + seconds
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            if time.monotonic() > deadline or process.poll() is not None:
                raise
            time.sleep(LOOK_AGAIN_SECONDS)
        else:
            return
