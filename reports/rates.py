"""Every rate of the reports, defined once, with its denominator.

*Handed over* is what the next hop took, whether it bounced later or not. Opens and clicks count people once, hits that
a rule marks as a machine's apart.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Counts:
    """Messages of one group: the whole run, a segment, a domain, a value of an attribute."""

    planned: int = 0
    handed_over: int = 0
    bounced: int = 0
    opened: int = 0
    clicked: int = 0
    unsubscribed: int = 0

    @property
    def handed_over_rate(self) -> float | None:
        """Handed over of planned."""
        return _share(self.handed_over, self.planned)

    @property
    def bounce_rate(self) -> float | None:
        """Bounced of handed over."""
        return _share(self.bounced, self.handed_over)

    @property
    def open_rate(self) -> float | None:
        """People who opened of messages handed over."""
        return _share(self.opened, self.handed_over)

    @property
    def click_rate(self) -> float | None:
        """People who clicked of messages handed over."""
        return _share(self.clicked, self.handed_over)

    @property
    def unsubscribe_rate(self) -> float | None:
        """People who unsubscribed through this message of messages handed over."""
        return _share(self.unsubscribed, self.handed_over)


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None
