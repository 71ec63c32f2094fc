"""A sender process for one tenant that drains for ever: what a worker does, without the queue."""

import sys
import time

import django

PAUSE_SECONDS = 0.1
SLICE_SECONDS = 20.0


def main(tenant_id: int) -> None:
    django.setup()
    from connect.core.models import Tenant
    from delivery.actions.drain import drain

    tenant = Tenant.objects.get(pk=tenant_id)
    while True:
        drain(tenant, until=time.monotonic() + SLICE_SECONDS)
        time.sleep(PAUSE_SECONDS)


if __name__ == "__main__":
    main(int(sys.argv[1]))
