"""Which customer ids a file has named so far: exact at first, then in ten bytes each; five million stay small."""

from array import array
from collections.abc import Sequence

EXACT_IDS = 150_000
SHARDS = 1 << 16
LINE_BITS = 23
LAST_LINE = (1 << LINE_BITS) - 1
PRINT_BITS = 64 - LINE_BITS
FIRST_SIZE = 8


class SeenIds:
    """The first 150,000 ids as they are, the others as 57 bits of their hash, each with the line that named it.

    Two ids that agree in 57 bits would be taken for one: in a file of a million ids that happens once in 280,000 files.
    Python's hash is keyed anew in each process, so nobody can make a file that hits.
    """

    def __init__(self) -> None:
        self._exact: dict[str, int] = {}
        # Open addressing: 16 bits of the hash choose the table, an entry is 41 more and the line.
        self._tables: list[array[int]] = [array("Q")] * SHARDS
        self._used = array("L", [0]) * SHARDS

    def claim(self, ids: Sequence[str], lines: Sequence[int]) -> dict[int, int]:
        """Note ids and tell which of them came before.

        Shape: place in `ids` → the line that named it first; beyond line 8,388,606, 0 for "some line".
        """
        exact = self._exact
        if len(exact) >= EXACT_IDS:
            return self._claim_printed(ids, lines)
        if len(set(ids)) == len(ids) and exact.keys().isdisjoint(ids):
            exact.update(zip(ids, lines, strict=True))
            return {}
        again: dict[int, int] = {}
        for place, key in enumerate(ids):
            line = exact.setdefault(key, lines[place])
            if line != lines[place]:
                again[place] = line
        return again

    def _claim_printed(self, ids: Sequence[str], lines: Sequence[int]) -> dict[int, int]:
        again: dict[int, int] = {}
        exact, tables, used = self._exact, self._tables, self._used
        for place, key in enumerate(ids):
            if key in exact:
                again[place] = exact[key]
                continue
            hashed = hash(key)
            shard = hashed & (SHARDS - 1)
            table = tables[shard]
            if used[shard] * 20 >= len(table) * 17:
                table = tables[shard] = _grown(table)
            size = len(table)
            mark = (hashed >> 16) & ((1 << PRINT_BITS) - 1)
            slot = mark % size
            while (found := table[slot]) and found >> LINE_BITS != mark:
                slot = (slot + 1) % size
            if found:
                line = found & LAST_LINE
                again[place] = line if line < LAST_LINE else 0
            else:
                table[slot] = (mark << LINE_BITS) | min(lines[place], LAST_LINE)
                used[shard] += 1
        return again


def _grown(table: "array[int]") -> "array[int]":
    size = max(FIRST_SIZE, len(table) * 3 // 2)
    larger = array("Q", [0]) * size
    for entry in table:
        if entry:
            slot = (entry >> LINE_BITS) % size
            while larger[slot]:
                slot = (slot + 1) % size
            larger[slot] = entry
    return larger
