"""The addresses that one message's mail holds: its clicks, its pixel, its unsubscribe page."""

from datetime import date

from delivery.tracking.tokens import LinkKind, Maker, numbered


class LinkMaker:
    """Makes the links of one tenant's messages of one month."""

    def __init__(self, base_url: str, tenant_id: int, month: date) -> None:
        tokens = Maker(tenant_id, month)
        self.message = tokens.message
        self.clicks, self.pixels, self.leaves = f"{base_url}/c/", f"{base_url}/o/", f"{base_url}/u/"
        self.write_click = tokens.writer(LinkKind.CLICK)
        self.write_open = tokens.writer(LinkKind.OPEN)
        self.write_leave = tokens.writer(LinkKind.UNSUBSCRIBE)

    def of(self, message_id: int, revision_id: int = 0) -> "MessageLinks":
        """Make the links of one message. Without its revision, the database is asked at each click."""
        return MessageLinks(self, message_id, revision_id)


class MessageLinks:
    """What `content.rendering` asks for while it writes a body: addresses that lead on, count, and let leave."""

    __slots__ = ("_maker", "_message", "pixel", "unsubscribe")

    def __init__(self, maker: LinkMaker, message_id: int, revision_id: int) -> None:
        self._maker = maker
        self._message = message = maker.message(message_id, revision_id)
        first = numbered(message, 0)
        self.unsubscribe = maker.leaves + maker.write_leave(first)
        self.pixel = f"{maker.pixels}{maker.write_open(first)}.gif"

    def click(self, number: int) -> str:
        """The address that counts a click and leads on to the link with this number."""
        maker = self._maker
        return maker.clicks + maker.write_click(numbered(self._message, number))
