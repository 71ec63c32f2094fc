"""P2: the plain Django way, kept as it is written everywhere: a row, a template, EmailMessage, dkim.sign, smtplib.

`python -m tests.bench.plain <tenant> <conversation> <port> <first> <count>` is one of its processes.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid
from smtplib import SMTP

import django
import dkim
import jinja2

from tests.bench.bench import Bench
from tests.bench.figures import Figure
from tests.bench.postfix import missing, sink

MESSAGES = 1_200
PROCESS_SECONDS = 300
#: Below this rate something else holds the baseline up: undisturbed it makes 130 to 190/s.
BROKEN_BELOW = 100


def measure(bench: Bench) -> Sequence[Figure]:
    """Send with as many processes as there are cores, and compare with the product's rate."""
    if why := missing():
        return [Figure(None, 0, why)]
    rates = bench.rates
    messages = bench.scaled(MESSAGES, least=100)
    plain = messages / _seconds(bench, messages)
    said = f"{rates.rate:,.0f}/s over {plain:,.0f}/s with {bench.cores} processes"
    if plain < BROKEN_BELOW:
        said += f"; a baseline below {BROKEN_BELOW}/s is broken or disturbed, and the ratio says nothing"
    return [Figure(rates.rate / plain, messages, said)]


def _seconds(bench: Bench, messages: int) -> float:
    furnished = bench.senders_crowd
    each = messages // bench.cores
    with sink() as receiver:
        who = [str(furnished.cast.tenant.pk), str(furnished.shop.conversation.pk), str(receiver.port)]
        processes = [
            subprocess.Popen(
                [sys.executable, "-m", "tests.bench.plain", *who, str(number * each), str(each)],
                stdout=subprocess.PIPE,
                env=dict(os.environ),
            )
            for number in range(bench.cores)
        ]
        try:
            spans = [json.loads(process.communicate(timeout=PROCESS_SECONDS)[0]) for process in processes]
        finally:
            for process in processes:
                process.kill()
                process.wait()
    return float(max(span["end"] for span in spans) - min(span["start"] for span in spans))


def send(tenant_id: int, conversation_id: int, port: int, first: int, count: int) -> dict[str, float]:
    """Send to so many customers, one after the other."""
    from connect.core.models import Tenant
    from connect.core.tenancy import tenant as open_tenant
    from conversations.dkim import signing_keys
    from conversations.models import Conversation, Customer
    from tests.bench.letters import letter

    tenant = Tenant.objects.get(pk=tenant_id)
    with open_tenant(tenant):
        conversation = Conversation.objects.of(tenant).get(pk=conversation_id)
        key = signing_keys(tenant, conversation)[0]
        found = Customer.objects.of(tenant).exclude(email="").order_by("pk")
        keys = list(found.values_list("pk", flat=True)[first : first + count])
    made = letter("en", "The gift guide is here")
    start = time.time()
    with SMTP("127.0.0.1", port) as server:
        for customer_id in keys:
            with open_tenant(tenant):
                customer = Customer.objects.of(tenant).get(pk=customer_id)
                message = _message(customer, conversation, made.subject, made.text, made.html)
                data = message.as_bytes()
                signature = dkim.sign(data, key.selector.encode(), key.domain.encode(), key.private_key_pem)
                server.sendmail(conversation.from_email, [customer.email], signature + data)
                Customer.objects.of(tenant).filter(pk=customer_id).update(updated_at=datetime.now(UTC))
    return {"start": start, "end": time.time()}


def _message(customer: object, conversation: object, subject: str, text: str, html: str) -> EmailMessage:
    context = {"customer": customer, "attributes": getattr(customer, "attributes", {})}
    message = EmailMessage()
    message["From"] = getattr(conversation, "from_email", "")
    message["To"] = getattr(customer, "email", "")
    message["Subject"] = subject
    message["Date"] = format_datetime(datetime.now(UTC))
    message["Message-ID"] = make_msgid(domain="news.northwind.example")
    message.set_content(jinja2.Template(text).render(context))
    message.add_alternative(jinja2.Template(html, autoescape=True).render(context), subtype="html")
    return message


if __name__ == "__main__":
    django.setup()
    print(json.dumps(send(*map(int, sys.argv[1:6]))))
