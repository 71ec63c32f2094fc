"""The rail leads nobody where they may not go."""

from collections.abc import Callable

import pytest
from django.test import Client

from connect.core.models import Member

pytestmark = pytest.mark.django_db


def test_each_member_sees_the_links_that_they_may_follow(
    viewer: Member, marketer: Member, admin: Member, client_of: Callable[[Member], Client]
) -> None:
    for member, is_admin in ((viewer, False), (marketer, False), (admin, True)):
        page = client_of(member).get("/t/northwind/").content.decode()
        rail = page[page.index('<nav class="rail"') : page.index("</nav>")]
        links = [part.split('"')[0] for part in rail.split('href="')[1:]]
        assert ("/t/northwind/admin/members/" in links) == is_admin
        assert {url: client_of(member).get(url).status_code for url in links if "review" not in url} == {
            url: 200 for url in links if "review" not in url
        }
