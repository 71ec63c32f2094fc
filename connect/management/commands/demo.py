"""`manage.py demo`: all of Connect on one machine, with a demo tenant, until Ctrl-C; or once through, with `--once`."""

import json
import os
import signal
import sys
import time
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError

from connect.core.models import Tenant
from connect.demo import books, build, readers, show, stage
from connect.demo.people import people
from connect.embedded import services
from connect.homes import home_at

CUSTOMERS = 5_000
MIN_CUSTOMERS = 100
#: A run may take so long beyond what a slow machine needs.
FIXED_SECONDS = 300
SLOWEST_PER_SECOND = 50


class Command(BaseCommand):
    """Start everything that Connect is made of, below one home, in this process session."""

    help = "Start Connect with a demo tenant. Ctrl-C stops everything."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the Makefile's variables as options."""
        parser.add_argument("--once", action="store_true", help="run the sample campaign end to end, and exit")
        parser.add_argument("--customers", type=int, default=CUSTOMERS, help="how many customers the demo has")
        parser.add_argument(
            "--smtp", default="", metavar="HOST:PORT", help="send to this server instead of the catcher"
        )
        parser.add_argument("--home", default="", help="the folder of this installation")
        parser.add_argument("--empty", action="store_true", help="start everything without demo data")

    def handle(self, *args: Any, **options: Any) -> None:
        """Run the demo."""
        if options["home"] and home_at(options["home"]) != settings.HOME:
            os.environ["CONNECT_HOME"] = str(home_at(options["home"]).root)
            os.execv(sys.executable, [sys.executable, *sys.argv])  # noqa: S606 - ourselves again, in the other home
        if options["customers"] < MIN_CUSTOMERS:
            raise CommandError(f"--customers must be {MIN_CUSTOMERS} or more")
        for name in (signal.SIGTERM, signal.SIGINT):
            signal.signal(name, signal.default_int_handler)
        try:
            with services(settings.HOME) if settings.IS_EMBEDDED else _given_servers():
                self._run(options)
        except KeyboardInterrupt:
            self.stdout.write("\nStopped.")
        except (stage.DidNotStart, show.DidNotFinish) as error:
            raise CommandError(str(error)) from error

    def _run(self, options: dict[str, Any]) -> None:
        call_command("migrate", database="owner", verbosity=0)
        ports = stage.free_ports()
        outside = _address(options["smtp"])
        catcher = None if outside else settings.HOME.root / "mail"
        shared = stage.environment(ports, catcher, outside or ("127.0.0.1", ports.smtp))
        with stage.stage(settings.HOME, ports, shared, catcher=catcher) as running:
            if not options["empty"]:
                self._show(options, catcher)
            if options["once"]:
                return
            self._welcome(ports)
            while all(process.poll() is None for process in running):
                time.sleep(0.5)
            raise stage.DidNotStart(f"a process ended; see {settings.HOME.logs}")

    def _show(self, options: dict[str, Any], catcher: Path | None) -> None:
        if Tenant.objects.filter(slug=build.SLUG).exists() and not options["once"]:
            return
        now = datetime.now(UTC)
        made = list(people(options["customers"]))
        since = len(books.received_since(catcher, 0)) if catcher else 0
        cast = build.cast(build.next_sample() if options["once"] else build.SLUG, now=now)
        news, counts, import_seconds = show.prepare(cast, made, self._say, now=now)
        shop = build.make_shop(cast, news, now=now)
        self._say("Building, signing off and launching the sample campaign …")
        finished = build.draft_campaign(
            cast,
            shop,
            build.information(cast, "Holiday gift guide", "Three letters in two languages", "holiday"),
            build.now_schedule(shop),
            now=now,
        )
        build.sign_off(cast, finished, now=datetime.now(UTC))
        limit = FIXED_SECONDS + options["customers"] / SLOWEST_PER_SECOND
        ended = show.wait_for_end(cast.tenant, finished, self._say, limit_seconds=limit)
        result = show.result_of(cast.tenant, ended, import_seconds)
        result.differences = show.compare(cast, ended.run, made, counts, catcher=catcher, since=since)
        for difference in result.differences:
            self.stderr.write(f"The books differ: {difference}")
        if not options["once"]:
            build.more(cast, shop, now=datetime.now(UTC))
            if catcher:
                read = readers.read_mail(catcher, since)
                self._say(f"{read.opened:,} customers opened it, {read.clicked:,} clicked, {read.left:,} left.")
        self.stdout.write(json.dumps(asdict(result)))
        if result.differences:
            raise CommandError("the books don't agree")

    def _welcome(self, ports: stage.Ports) -> None:
        self.stdout.write(f"\nConnect is ready: {ports.base_url}/t/{build.SLUG}/\n")
        for role, email in build.logins(build.cast(now=datetime.now(UTC))):
            self.stdout.write(f"  {role:10} {email:32} {build.password()}")
        self.stdout.write("\nCtrl-C stops everything.")

    def _say(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()


@contextmanager
def _given_servers() -> Iterator[None]:
    yield


def _address(text: str) -> tuple[str, int] | None:
    if not text:
        return None
    host, _colon, port = text.rpartition(":")
    if not host or not port.isdigit():
        raise CommandError("--smtp must be HOST:PORT")
    return host, int(port)
