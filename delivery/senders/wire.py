"""Octets to and from one server, in the clear or through TLS, without waiting."""

import errno
import os
import socket
from collections import deque
from collections.abc import Callable, Sequence

from delivery.senders.names import Address
from delivery.senders.tls import Secured, Tls, TlsFailed

RECEIVE_OCTETS = 65536


class Broke(Exception):
    """The connection can't be used any more; the message says why."""


class Wire:
    """One socket. `watch` is told whether there is something that waits to be written."""

    def __init__(self, address: Address, watch: Callable[[bool], None]) -> None:
        self.address = address
        self.socket = _begin(address)
        self._watch = watch
        self._writing = True
        self._tls: Tls | None = None
        self._unsent: deque[memoryview | bytes] = deque()

    @property
    def has_unsent(self) -> bool:
        """Whether something waits to be written."""
        return bool(self._unsent)

    @property
    def secured(self) -> Secured | None:
        """How the way is secured, if it is."""
        return self._tls.secured if self._tls else None

    def connected(self) -> None:
        """Find out whether the connection came about.

        Errors: Broke.
        """
        error = self.socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if error:
            raise Broke(f"cannot connect: {os.strerror(error)}")
        self._want(write=False)

    def start_tls(self, tls: Tls) -> None:
        """Say everything through TLS from now on, beginning with the handshake.

        Errors: Broke; TlsFailed.
        """
        self._tls = tls
        tls.shake()
        self._push([tls.take()])

    def shake(self) -> bool:
        """Go on with the handshake; tell whether it is done.

        Errors: Broke; TlsFailed.
        """
        assert self._tls is not None
        octets = self._read()
        try:
            done = self._tls.shake(octets) if octets else False
        finally:  # the alert that says what we dislike
            waiting = self._tls.take()
            if waiting:
                self._push([waiting])
        return done

    def receive(self) -> bytes:
        """Read what has come; "" where nothing has.

        Errors: Broke.
        """
        octets = self._read()
        return self._opened(octets) if self._tls and octets else octets

    def pending(self) -> bytes:
        """Read what came along with the end of the handshake.

        Errors: Broke.
        """
        return self._opened(b"")

    def write(self, pieces: Sequence[bytes]) -> int:
        """Write, and keep what doesn't leave at once; tell how many octets left.

        Errors: Broke.
        """
        if self._tls is not None:
            try:
                pieces = [self._tls.sealed(pieces)]
            except TlsFailed as error:
                raise Broke(f"connection broke: {error}") from error
        return self._push(pieces)

    def flush(self) -> int:
        """Write on; tell how many octets left.

        Errors: Broke.
        """
        if not self._unsent:
            return 0
        try:
            count = left = self.socket.sendmsg(list(self._unsent)[:16])
        except BlockingIOError:
            return 0
        except OSError as error:
            raise Broke(f"connection broke: {error.strerror or error}") from error
        while self._unsent and count >= len(self._unsent[0]):
            count -= len(self._unsent.popleft())
        if self._unsent and count:
            self._unsent[0] = memoryview(self._unsent[0])[count:]
        if not self._unsent:
            self._want(write=False)
        return left

    def close(self) -> None:
        """Let go of the socket."""
        self.socket.close()

    def _read(self) -> bytes:
        try:
            octets = self.socket.recv(RECEIVE_OCTETS)
        except BlockingIOError:
            return b""
        except OSError as error:
            raise Broke(f"connection broke: {error.strerror or error}") from error
        if not octets:
            raise Broke("server closed the connection")
        return octets

    def _opened(self, octets: bytes) -> bytes:
        assert self._tls is not None
        try:
            found = self._tls.opened(octets)
        except TlsFailed as error:
            raise Broke(str(error)) from error
        waiting = self._tls.take()
        if waiting:
            self._push([waiting])
        return found

    def _push(self, pieces: Sequence[bytes]) -> int:
        if self._unsent:
            self._unsent.extend(pieces)
            return 0
        try:
            count = left = self.socket.sendmsg(pieces)
        except BlockingIOError:
            count = left = 0
        except OSError as error:
            raise Broke(f"connection broke: {error.strerror or error}") from error
        for piece in pieces:
            if count >= len(piece):
                count -= len(piece)
            else:
                self._unsent.append(memoryview(piece)[count:])
                count = 0
        if self._unsent:
            self._want(write=True)
        return left

    def _want(self, *, write: bool) -> None:
        if self._writing != write:
            self._writing = write
            self._watch(write)


def _begin(address: Address) -> socket.socket:
    """Begin to connect, without waiting.

    Errors: OSError where this machine has no way there at all.
    """
    sock = socket.socket(address.family, socket.SOCK_STREAM)
    sock.setblocking(False)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    error = sock.connect_ex(address.target)
    if error and error != errno.EINPROGRESS:
        sock.close()
        raise OSError(error, os.strerror(error))
    return sock
