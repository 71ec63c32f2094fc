"""One persistent SMTP connection without waiting: fed by a readiness loop, it hands over one message at a time.

MAIL, RCPT and DATA go in one write where the server offers PIPELINING, the content in the next. Each reply is judged by
itself; after a refusal RSET goes ahead of the next MAIL. What is known when the connection breaks depends on one thing:
whether an octet of the content has left.

Source: RFC 5321 (SMTP), RFC 2920 (pipelining), RFC 1870 (SIZE), RFC 6531 (SMTPUTF8).
"""

import socket
from collections import deque
from collections.abc import Sequence
from typing import Protocol

from delivery.senders.letters import Letter
from delivery.senders.names import Address
from delivery.senders.replies import Outcome, Reply, Stage, in_doubt, not_handed_over, refusal, verdict
from delivery.senders.servers import Fault, Server
from delivery.senders.session import Listener, Phase, Session
from delivery.states import MessageState

END = b".\r\n"
NEEDS_SMTPUTF8 = "the relay doesn't offer SMTPUTF8, which this address needs"


class Owner(Protocol):
    """Who is told what happens on a connection."""

    def idle(self, connection: "Connection") -> None:
        """Ready for the next message."""

    def settled(self, connection: "Connection", letter: Letter, outcome: Outcome) -> None:
        """Something is known about the message that was handed over. Called once for each."""

    def closed(self, connection: "Connection", why: str) -> None:
        """Gone, after `settled` for the message under way. `why` is "" where we meant it."""

    def interest(self, connection: "Connection", *, write: bool) -> None:
        """Watch the socket for writing too, or no longer."""

    def moved(self, connection: "Connection", before: socket.socket) -> None:
        """Watch its new socket, for both, instead of the one before."""


class Connection(Session):
    """A session that messages are handed over in. The owner calls `on_ready`, `hand_over`, `check_time` and `quit`.

    `was_open`: the server let us in. `handed` and `accepted` count its messages. Where it is `retiring`, it says
    goodbye instead of becoming idle.
    """

    def __init__(
        self,
        server: Server,
        owner: Owner,
        now: float,
        addresses: Sequence[Address],
        listener: Listener | None = None,
    ) -> None:
        self.owner = owner
        self.letter: Letter | None = None
        self.was_open = False
        self.handed = 0
        self.accepted = 0
        self.retiring = False
        self._unsent_commands: deque[bytes] = deque()
        self._expected: deque[Stage | None] = deque()
        self._refused: Outcome | None = None
        self._must_reset = False
        self._content_left = False
        super().__init__(server, now, addresses, listener)

    # --- What the owner calls ------------------------------------------------------------------------------------

    def hand_over(self, letter: Letter, now: float) -> None:
        """Begin with a message. Only where idle; the answer comes through `owner.settled`."""
        self._now = now
        self.letter = letter
        self.handed += 1
        self._content_left = False
        needs_utf8 = not (letter.recipient.isascii() and letter.sender.isascii())
        if 0 < self.features.size < letter.octets:
            self._decline("552 5.3.4", f"larger than {self.features.size} octets")
            return
        if needs_utf8 and not self.features.smtputf8:
            self._decline("553 5.6.7", NEEDS_SMTPUTF8)
            return
        self.phase = Phase.ENVELOPE
        self.deadline = now + self.server.reply_seconds
        self._refused = None
        after = b"> SMTPUTF8\r\n" if needs_utf8 else b">\r\n"
        commands = [b"MAIL FROM:<" + letter.sender + after, b"RCPT TO:<" + letter.recipient + b">\r\n", b"DATA\r\n"]
        stages: list[Stage | None] = [Stage.MAIL, Stage.RCPT, Stage.DATA]
        if self._must_reset:
            self._must_reset = False
            commands.insert(0, b"RSET\r\n")
            stages.insert(0, None)
        self._expected.extend(stages)
        if self.features.pipelining:
            self._write([b"".join(commands)])
        else:
            self._unsent_commands.extend(commands[1:])
            self._write(commands[:1])

    def quit(self) -> None:
        """Say goodbye without waiting for an answer. Only where idle."""
        if self.phase is Phase.IDLE:
            self._tell("out", "QUIT")
            self._write([b"QUIT\r\n"])
        self._close("")

    # --- Messages ------------------------------------------------------------------------------------------------

    def _decline(self, code: str, why: str) -> None:
        """End a message that this server can't take, without asking it."""
        self._settle(Outcome(MessageState.REJECTED, code, why))
        self._become_idle()

    def _on_reply(self, reply: Reply, now: float) -> None:
        if self.phase is Phase.ENVELOPE:
            self._on_envelope(reply, now)
        elif self.phase is Phase.CONTENT:
            self._on_content(reply)
        else:
            self._close(f"unasked: {reply.text}", Fault.BUSY if reply.code == 421 else Fault.BROKE)

    def _on_envelope(self, reply: Reply, now: float) -> None:
        stage = self._expected.popleft() if self._expected else None
        if stage is Stage.DATA:
            self._on_data(reply, now)
            return
        if stage is not None and self._refused is None and not 200 <= reply.code < 300:
            # To MAIL, 421 speaks of the relay alone: it has not heard for whom the message is.
            is_relays_own = reply.code == 421 and stage is Stage.MAIL
            self._refused = not_handed_over(reply.text, counts=False) if is_relays_own else refusal(reply, stage)
            self._unsent_commands.clear()
            if not self.features.pipelining:
                self._expected.clear()
        if reply.code == 421:
            self._close(reply.text, Fault.BUSY)
        elif self._unsent_commands:
            self.deadline = now + self.server.reply_seconds
            self._write([self._unsent_commands.popleft()])
        elif not self._expected:
            self._settle_refused()

    def _on_data(self, reply: Reply, now: float) -> None:
        letter = self.letter
        if reply.code == 354 and self._refused is None and letter is not None:
            self.phase = Phase.CONTENT
            self.deadline = now + self.server.final_seconds
            self._expected.append(Stage.CONTENT)
            self._write([*letter.content, END])
        elif reply.code == 354:
            # Refused and yet invited: only an empty message gets us out (RFC 2920, 3.1). Nobody is its recipient.
            self.phase = Phase.CONTENT
            self.deadline = now + self.server.final_seconds
            self._expected.append(Stage.CONTENT)
            self._write([b".\r\n"])
        else:
            if self._refused is None:
                self._refused = refusal(reply, Stage.DATA)
            if reply.code == 421 or reply.code < 400:
                self._close(reply.text, Fault.BUSY if reply.code == 421 else Fault.BROKE)
            else:
                self._settle_refused()

    def _on_content(self, reply: Reply) -> None:
        self._expected.popleft()
        outcome = self._refused or verdict(reply)
        if self._wire.has_unsent:
            # An answer before the end: what is still to be sent must not be taken for commands.
            early = outcome.state is MessageState.ACCEPTED
            self._settle(in_doubt(f"accepted before its end: {reply.text}") if early else outcome)
            self._close("answered before the end of the content")
            return
        self._must_reset = self._refused is not None or reply.code >= 400
        self.accepted += outcome.state is MessageState.ACCEPTED
        self._settle(outcome)
        if reply.code == 421 or not 200 <= reply.code < 600:
            self._close(reply.text, Fault.BUSY if reply.code == 421 else Fault.BROKE)
        else:
            self._become_idle()

    # --- Ends of a message and of a connection -------------------------------------------------------------------

    def _settle_refused(self) -> None:
        outcome = self._refused or not_handed_over("out of step")
        self._must_reset = True
        self._settle(outcome)
        self._become_idle()

    def _settle(self, outcome: Outcome) -> None:
        letter, self.letter, self._refused = self.letter, None, None
        if letter is not None:
            self.owner.settled(self, letter, outcome)

    def _opened(self) -> None:
        self.was_open = True
        self._become_idle()

    def _become_idle(self) -> None:
        self.phase = Phase.IDLE
        if self.retiring or 0 < self.server.messages <= self.handed:
            self.quit()
        else:
            self.owner.idle(self)

    def _close(self, why: str, fault: Fault = Fault.BROKE) -> None:
        if self.phase is Phase.CLOSED:
            return
        self.phase = Phase.CLOSED
        self.fault = fault if why else Fault.NONE
        if self.letter is not None:
            if self._refused is not None:
                self._settle(self._refused)
            else:
                self._settle(in_doubt(why) if self._content_left else not_handed_over(why))
        self.owner.closed(self, why)
        self._wire.close()

    # --- What the session asks -----------------------------------------------------------------------------------

    def _is_plain_yes(self, line: bytes) -> bool:
        """Take the usual answers to RSET, MAIL and RCPT in a pipeline: nothing is to be done or kept."""
        is_one = (
            self.phase is Phase.ENVELOPE
            and line[:1] == b"2"
            and line[3:4] == b" "
            and not self._lines
            and self.features.pipelining
            and len(self._expected) > 1
        )
        if is_one:
            self._expected.popleft()
        return is_one

    def _left(self, octets: int) -> None:
        if octets and self.phase is Phase.CONTENT:
            self._content_left = True

    def _moved(self, before: socket.socket) -> None:
        self.owner.moved(self, before)

    def _watch(self, write: bool) -> None:  # noqa: FBT001 - called back with it alone
        self.owner.interest(self, write=write)
