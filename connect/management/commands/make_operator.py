"""`manage.py make_operator EMAIL`: let a person run this installation from /operator/tenants/."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from connect.core.actions.users import make_operator


class Command(BaseCommand):
    """Make an operator of a login, or make the login too."""

    help = "Let a person run this installation. Without a login yet, they set a password by “Forgotten?”."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the address, and the name for a login that isn't there yet."""
        parser.add_argument("email")
        parser.add_argument("--name", default="", help="for a new login")

    def handle(self, *args: Any, **options: Any) -> None:
        """Make the operator."""
        user = make_operator(options["email"], options["name"] or options["email"].partition("@")[0])
        self.stdout.write(f"{user.email} runs this installation now: /operator/tenants/")
