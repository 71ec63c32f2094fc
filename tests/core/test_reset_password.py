"""Who forgot the password is mailed a link; the page answers alike for an address that nobody has."""

import re

import pytest
from django.core import mail
from django.test import Client

from connect.core.models import Member, User

pytestmark = pytest.mark.django_db

FORGOTTEN = "/accounts/password/reset/"


def test_the_mail_leads_to_a_new_password(viewer: Member) -> None:
    assert Client().post(FORGOTTEN, {"email": "viktor@northwind.example"}).status_code == 302
    (letter,) = mail.outbox
    assert letter.subject == "A new password for Connect"
    assert "for viktor@northwind.example." in letter.body
    link = re.search(r"http://testserver(/accounts/password/reset/key/\S+)", str(letter.body))
    assert link
    browser = Client()
    form = browser.get(link.group(1))["Location"]
    browser.post(form, {"password1": "a long password", "password2": "a long password"})
    assert User.objects.get(pk=viewer.user_id).check_password("a long password")
    assert browser.get(link.group(1)).status_code == 200  # the page that says the link was used


def test_the_answer_is_the_same_for_an_unknown_address(viewer: Member) -> None:
    answers = [
        Client().post(FORGOTTEN, {"email": email}) for email in ("viktor@northwind.example", "nobody@shop.example")
    ]
    assert [(answer.status_code, answer["Location"]) for answer in answers] == [(302, f"{FORGOTTEN}done/")] * 2
    assert mail.outbox[1].subject == "No login for this address at Connect"
    assert "signup" not in str(mail.outbox[1].body)
