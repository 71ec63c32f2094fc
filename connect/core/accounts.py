"""Login by email: nobody signs up alone; members are invited by an admin."""

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest
from django.urls import reverse


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth ships no types
    """Connect's answers to what django-allauth asks."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Refuse: an account comes from an invitation."""
        return False

    def get_login_redirect_url(self, request: HttpRequest) -> str:
        """Go to the door, which knows the user's tenants."""
        return reverse("door")

    def format_email_subject(self, subject: str) -> str:
        """Leave a subject as it is: no site's name before it."""
        return subject
