"""The judge catches what it is there for, and the suite's sabotage can't pass it."""

from dataclasses import replace

import pytest

from tests.faults.suite.catalogue import FAULTS, Result, not_built
from tests.faults.suite.judge import Expected, Receipt, Sabotage, Verdict, judge, sabotage

EVERYBODY = frozenset({"a@x.example", "b@x.example", "c@x.example"})
EXPECTED = Expected(EVERYBODY, frozenset({"s@x.example"}), doubt=1, sum_of_states=4)
RECEIPTS = [Receipt("a@x.example", "r", "v1"), Receipt("b@x.example", "r", "v1")]
BOOKS = {"a@x.example": "accepted", "b@x.example": "accepted", "c@x.example": "in_doubt", "s@x.example": "skipped"}


def test_a_run_as_it_should_be_passes() -> None:
    assert judge(EXPECTED, RECEIPTS, BOOKS) == Verdict(in_doubt=1)


def test_a_second_copy_is_a_duplicate_whatever_our_books_say() -> None:
    found = judge(EXPECTED, [*RECEIPTS, RECEIPTS[0], RECEIPTS[0]], BOOKS)
    assert (found.duplicates, found.value) == (2, 2)


@pytest.mark.parametrize("state", ["queued", "sending", "rejected", "expired", "cancelled", "skipped"])
def test_who_has_no_copy_and_ends_in_no_allowed_state_is_lost(state: str) -> None:
    found = judge(EXPECTED, RECEIPTS, {**BOOKS, "c@x.example": state})
    assert (found.lost, found.examples) == (1, [f"c@x.example is {state}"])


def test_who_is_missing_from_the_books_is_lost_and_the_sum_is_wrong() -> None:
    books = {who: state for who, state in BOOKS.items() if who != "c@x.example"}
    found = judge(EXPECTED, RECEIPTS, books)
    assert (found.lost, found.wrong) == (1, ["the states sum to 3, not to 4"])


def test_a_refused_recipient_isnt_lost_where_the_fault_refuses() -> None:
    refusing = replace(EXPECTED, ends=frozenset({"rejected"}))
    assert judge(refusing, RECEIPTS, {**BOOKS, "c@x.example": "rejected"}).value == 0


def test_a_copy_to_a_suppressed_address_is_caught_twice() -> None:
    found = judge(EXPECTED, [*RECEIPTS, Receipt("s@x.example", "r", "v1")], BOOKS)
    assert (found.to_suppressed, found.wrong) == (1, ["s@x.example has a copy and is skipped"])


def test_doubt_above_the_bound_counts_by_how_much() -> None:
    books = {**BOOKS, "a@x.example": "in_doubt", "b@x.example": "in_doubt"}
    found = judge(EXPECTED, RECEIPTS, books)
    assert (found.in_doubt, found.doubt_above, found.value) == (3, 2, 2)


def test_an_acceptance_that_no_receiver_has_seen_is_wrong() -> None:
    found = judge(EXPECTED, RECEIPTS[:1], BOOKS)
    assert (found.lost, found.wrong) == (1, ["b@x.example is accepted and no receiver has a copy"])


def test_two_revisions_in_one_run_are_wrong() -> None:
    found = judge(EXPECTED, [RECEIPTS[0], Receipt("b@x.example", "r", "v2")], BOOKS)
    assert found.wrong == ["copies of 2 revisions: v1, v2"]


@pytest.mark.parametrize("how", list(Sabotage))
def test_no_sabotage_passes(how: Sabotage) -> None:
    expected, receipts, books = sabotage(how, EXPECTED, list(RECEIPTS), dict(BOOKS))
    assert judge(expected, receipts, books).value > 0


def test_a_result_says_what_it_is_in_one_line() -> None:
    assert Result(300).line("F1") == '{"id": "F1", "value": 0, "goal": 0, "ok": true, "n": 300}'
    assert Result(3, Verdict(lost=1)).line("F1") == (
        '{"id": "F1", "value": 1, "goal": 0, "ok": false, "n": 3, "why": "D=0 L=1 S=0 in doubt=0"}'
    )
    assert Result(0).ok is False, "nothing was tried"


def test_the_control_holds_only_where_duplicates_were_found() -> None:
    assert Result(1, Verdict(duplicates=5), is_control=True).ok is True
    assert (
        Result(1, Verdict(), is_control=True).line("F7").startswith('{"id": "F7", "value": 1, "goal": 0, "ok": false')
    )


def test_what_isnt_built_is_neither_good_nor_bad() -> None:
    not_built("F0", "a trial", "because")
    missing = FAULTS.pop("F0")
    assert missing.run(None, 0).line("F0") == (  # type: ignore[arg-type]
        '{"id": "F0", "value": null, "goal": 0, "ok": null, "n": 0, "why": "because"}'
    )
