"""A message signed with each kind of key verifies against the record that the console shows."""

import base64
import re
from datetime import datetime

import dkim
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key

from connect.core.crypto import CannotOpen
from connect.core.errors import Forbidden, Invalid, WrongState
from connect.core.models import AuditEntry, Member, Tenant
from connect.core.tenancy import tenant as open_tenant
from conversations.actions.dkim_keys import make_dkim_key, remove_dkim_key, start_signing, stop_signing
from conversations.dkim import SigningKey, open_key, record_name, signing_keys
from conversations.models import Conversation, DkimKey
from conversations.states import DkimAlgorithm
from tests.conversations.conversing import a_conversation, identity

pytestmark = pytest.mark.django_db

MESSAGE = (
    b"From: Northwind <hello@news.northwind.example>\r\nTo: kim@shop.example\r\nSubject: Winter layers\r\n"
    b"Date: Mon, 02 Mar 2026 09:00:00 +0000\r\nMessage-ID: <1@news.northwind.example>\r\n\r\nHello Kim,\r\n\r\n. \r\n"
)


def signed(key: SigningKey) -> bytes:
    """Sign with dkimpy, which wants the bare seed of an Ed25519 key."""
    private: bytes = key.private_key_pem
    if key.algorithm is DkimAlgorithm.ED25519:
        loaded = load_pem_private_key(private, None)
        assert isinstance(loaded, Ed25519PrivateKey)
        private = base64.b64encode(loaded.private_bytes(Encoding.Raw, PrivateFormat.Raw, NoEncryption()))
    header: bytes = dkim.sign(
        MESSAGE,
        key.selector.encode(),
        key.domain.encode(),
        private,
        canonicalize=(b"relaxed", b"relaxed"),
        signature_algorithm=key.algorithm.value.encode(),
    )
    return header + MESSAGE


def dns_of(*keys: DkimKey) -> dict[bytes, bytes]:
    return {f"{record_name(key.domain, key.selector)}.".encode(): key.dns_record.encode() for key in keys}


def make(
    tenant: Tenant, conversation: Conversation, algorithm: DkimAlgorithm, *, now: datetime, selector: str = ""
) -> DkimKey:
    return make_dkim_key(tenant, conversation.public_id, algorithm=algorithm, selector=selector, by=None, now=now)


@pytest.mark.parametrize("algorithm", list(DkimAlgorithm))
def test_a_signed_message_verifies_with_the_record_shown(
    tenant: Tenant, now: datetime, algorithm: DkimAlgorithm
) -> None:
    news = a_conversation(tenant, now=now)
    row = make(tenant, news, algorithm, now=now)
    start_signing(tenant, row.public_id, by=None, now=now)
    with open_tenant(tenant):
        [key] = signing_keys(tenant, news)
    assert (key.domain, key.algorithm) == ("news.northwind.example", algorithm)
    zone = dns_of(row)
    message = signed(key)
    assert dkim.verify(message, dnsfunc=lambda name, timeout=5: zone.get(name)) is True
    changed = message.replace(b"Hello Kim", b"Hello Tim")
    assert dkim.verify(changed, dnsfunc=lambda name, timeout=5: zone.get(name)) is False


def test_a_record_says_what_key_it_is(tenant: Tenant, now: datetime) -> None:
    news = a_conversation(tenant, now=now)
    rsa = make(tenant, news, DkimAlgorithm.RSA, now=now)
    edwards = make(tenant, news, DkimAlgorithm.ED25519, now=now)
    assert re.fullmatch(r"v=DKIM1; k=rsa; p=[A-Za-z0-9+/]{392}", rsa.dns_record)
    assert re.fullmatch(r"v=DKIM1; k=ed25519; p=[A-Za-z0-9+/]{43}=", edwards.dns_record)
    assert (rsa.selector, edwards.selector) == ("r202603", "e202603")


def test_the_private_half_is_sealed_for_its_row(tenant: Tenant, now: datetime) -> None:
    news = a_conversation(tenant, now=now)
    first = make(tenant, news, DkimAlgorithm.ED25519, now=now)
    second = make(tenant, news, DkimAlgorithm.ED25519, now=now)
    assert b"PRIVATE KEY" in open_key(first)
    assert b"PRIVATE KEY" not in bytes(first.sealed_private_key)
    first.sealed_private_key = second.sealed_private_key
    with pytest.raises(CannotOpen):
        open_key(first)


def test_a_new_key_does_not_sign_before_it_is_told_to(tenant: Tenant, now: datetime) -> None:
    news = a_conversation(tenant, now=now)
    make(tenant, news, DkimAlgorithm.ED25519, now=now)
    with open_tenant(tenant):
        assert signing_keys(tenant, news) == []


def test_a_key_takes_the_place_of_the_one_before(tenant: Tenant, now: datetime) -> None:
    news = a_conversation(tenant, now=now)
    old = make(tenant, news, DkimAlgorithm.ED25519, now=now)
    new = make(tenant, news, DkimAlgorithm.ED25519, now=now)
    rsa = make(tenant, news, DkimAlgorithm.RSA, now=now)
    for key in (old, rsa, new):
        start_signing(tenant, key.public_id, by=None, now=now)
    with open_tenant(tenant):
        assert [key.selector for key in signing_keys(tenant, news)] == ["r202603", "e202603-2"]
        [deed] = AuditEntry.objects.filter(did="dkim_key.started", thing=new.public_id)
    assert deed.details == {"selector": "e202603-2", "in_place_of": ["e202603"]}
    stop_signing(tenant, new.public_id, by=None, now=now)
    with open_tenant(tenant):
        assert [key.selector for key in signing_keys(tenant, news)] == ["r202603"]


def test_a_key_of_another_domain_does_not_sign(tenant: Tenant, now: datetime) -> None:
    news = a_conversation(tenant, now=now)
    key = make(tenant, news, DkimAlgorithm.ED25519, now=now)
    start_signing(tenant, key.public_id, by=None, now=now)
    with open_tenant(tenant):
        for address, expected in (
            ("a@mail.news.northwind.example", 1),
            ("a@northwind.example", 0),
            ("a@othernews.northwind.example", 0),
        ):
            news.from_email = address
            assert len(signing_keys(tenant, news)) == expected


def test_a_neighbours_keys_do_not_sign(tenant: Tenant, neighbour: Tenant, now: datetime) -> None:
    ours, theirs = a_conversation(tenant, now=now), a_conversation(neighbour, now=now)
    key = make(neighbour, theirs, DkimAlgorithm.ED25519, now=now)
    start_signing(neighbour, key.public_id, by=None, now=now)
    with open_tenant(tenant):
        assert signing_keys(tenant, ours) == []
    with pytest.raises(DkimKey.DoesNotExist):
        stop_signing(tenant, key.public_id, by=None, now=now)
    with pytest.raises(Conversation.DoesNotExist):
        make(tenant, theirs, DkimAlgorithm.ED25519, now=now)
    with open_tenant(neighbour):
        assert [key.active for key in DkimKey.objects.all()] == [True]


@pytest.mark.parametrize("selector", ["a b", "a.b", "-a", "a-", "a" * 64, "ä", "a\r\nb", "a\x00", "a;b", "_a"])
def test_a_malformed_selector_is_refused(tenant: Tenant, now: datetime, selector: str) -> None:
    news = a_conversation(tenant, now=now)
    with pytest.raises(Invalid) as caught:
        make(tenant, news, DkimAlgorithm.ED25519, now=now, selector=selector)
    assert list(caught.value.fields) == ["selector"]
    with open_tenant(tenant):
        assert DkimKey.objects.count() == 0


def test_a_selector_in_use_is_refused(tenant: Tenant, now: datetime) -> None:
    news = a_conversation(tenant, now=now)
    make(tenant, news, DkimAlgorithm.ED25519, now=now, selector="Spring")
    with pytest.raises(Invalid) as caught:
        make(tenant, news, DkimAlgorithm.RSA, now=now, selector="spring")
    assert list(caught.value.fields) == ["selector"]
    with open_tenant(tenant):
        assert DkimKey.objects.values_list("selector", "algorithm").get() == ("spring", "ed25519-sha256")


def test_a_key_that_signs_is_not_destroyed(tenant: Tenant, now: datetime) -> None:
    news = a_conversation(tenant, now=now)
    key = make(tenant, news, DkimAlgorithm.ED25519, now=now)
    start_signing(tenant, key.public_id, by=None, now=now)
    with pytest.raises(WrongState):
        remove_dkim_key(tenant, key.public_id, by=None, now=now)
    with pytest.raises(WrongState):
        start_signing(tenant, key.public_id, by=None, now=now)
    with open_tenant(tenant):
        assert DkimKey.objects.get().active is True
    stop_signing(tenant, key.public_id, by=None, now=now)
    remove_dkim_key(tenant, key.public_id, by=None, now=now)
    with open_tenant(tenant):
        assert DkimKey.objects.count() == 0


def test_only_an_admin_has_to_do_with_keys(tenant: Tenant, marketer: Member, now: datetime) -> None:
    news = a_conversation(tenant, now=now)
    key = make(tenant, news, DkimAlgorithm.ED25519, now=now)
    with pytest.raises(Forbidden):
        make_dkim_key(tenant, news.public_id, algorithm=DkimAlgorithm.RSA, by=marketer, now=now)
    for deed in (start_signing, stop_signing, remove_dkim_key):
        with pytest.raises(Forbidden):
            deed(tenant, key.public_id, by=marketer, now=now)
    with open_tenant(tenant):
        assert [row.active for row in DkimKey.objects.all()] == [False]


def test_two_conversations_of_one_domain_have_keys_of_their_own(tenant: Tenant, now: datetime) -> None:
    news = a_conversation(tenant, now=now)
    offers = a_conversation(tenant, identity(tenant, name="Offers"), now=now)
    for one in (news, offers):
        key = make(tenant, one, DkimAlgorithm.ED25519, now=now)
        start_signing(tenant, key.public_id, by=None, now=now)
    with open_tenant(tenant):
        assert [key.selector for key in signing_keys(tenant, news)] == ["e202603"]
        assert [key.selector for key in signing_keys(tenant, offers)] == ["e202603-2"]
