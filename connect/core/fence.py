"""The restore fence: a number in the database and the same number outside it. Nothing is sent while they differ.

A restored database shows as waiting what has left since its backup. Whoever restores counts the inner number up and
puts what may have left in doubt before the outer one follows: `manage.py restore`, or `manage.py fence` by hand.

Source: docs/decisions/0011-restore-fence.md
"""

from pathlib import Path

from django.conf import settings
from django.db import connection

#: Where no number is kept yet, inside or outside.
FIRST = 1
#: The setting of a sender's session that carries the outer number into its statements.
SESSION_SETTING = "app.send_epoch"

_INSIDE = f"coalesce((SELECT max(fence.epoch) FROM core_fence fence), {FIRST})"


class NoNumber(ValueError):
    """The file of the outer number holds something else."""


def outside() -> int:
    """Read the number that is kept outside the database.

    Errors: NoNumber.
    """
    if settings.SEND_EPOCH:
        return int(settings.SEND_EPOCH)
    try:
        text = Path(settings.SEND_EPOCH_FILE).read_text(encoding="ascii").strip()
    except FileNotFoundError:
        return FIRST
    if not text.isdigit():
        raise NoNumber(f"{settings.SEND_EPOCH_FILE} must hold a whole number")
    return int(text)


def write_outside(epoch: int) -> bool:
    """Keep the number outside; False where it stands in the environment, which we can't change."""
    if settings.SEND_EPOCH:
        return False
    path = Path(settings.SEND_EPOCH_FILE)
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.new")
    draft.write_text(f"{epoch}\n", encoding="ascii")
    draft.replace(path)
    return True


def inside() -> int:
    """Read the number that is kept in the database."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {_INSIDE}")
        return int(cursor.fetchone()[0])


def holds() -> bool:
    """Tell whether both numbers are the same: whether anything may be planned or sent."""
    try:
        return inside() == outside()
    except NoNumber:
        return False


def is_ours() -> str:
    """Write the predicate of a sender's statements: the database's number is the one that its session began with.

    Shape: SQL without parameters; false in a session that carries no number.
    """
    return f"{_INSIDE} = coalesce(nullif(current_setting('{SESSION_SETTING}', true), '')::int, 0)"
