"""The addresses that one message's mail holds: its clicks, its pixel, its unsubscribe page."""

from datetime import date

from delivery.tracking.tokens import LinkKind, Maker


class LinkMaker:
    """Makes the links of one tenant's messages of one month."""

    def __init__(self, base_url: str, tenant_id: int, month: date) -> None:
        self.base_url = base_url
        self.tokens = Maker(tenant_id, month)

    def of(self, message_id: int) -> "MessageLinks":
        """Make the links of one message."""
        return MessageLinks(self, message_id)


class MessageLinks:
    """What `content.rendering` asks for while it writes a body: addresses that lead on, count, and let leave."""

    __slots__ = ("_maker", "_message", "pixel", "unsubscribe")

    def __init__(self, maker: LinkMaker, message_id: int) -> None:
        self._maker = maker
        self._message = maker.tokens.message(message_id)
        self.unsubscribe = f"{maker.base_url}/u/{maker.tokens.token(LinkKind.UNSUBSCRIBE, self._message)}"
        self.pixel = f"{maker.base_url}/o/{maker.tokens.token(LinkKind.OPEN, self._message)}.gif"

    def click(self, number: int) -> str:
        """The address that counts a click and leads on to the link with this number."""
        return f"{self._maker.base_url}/c/{self._maker.tokens.token(LinkKind.CLICK, self._message, number)}"
