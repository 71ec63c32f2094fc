"""The ground floor's app: tenants, members, audit, row-level security."""

from django.apps import AppConfig
from django.db.backends.signals import connection_created


class CoreConfig(AppConfig):
    """Floor 0: known by every app, knows none of them."""

    name = "connect.core"
    label = "core"
    verbose_name = "Tenants and members"

    def ready(self) -> None:
        """Guard each new connection: tenant tables need a tenant."""
        from connect.core.tenancy import guard_connection

        connection_created.connect(guard_connection, dispatch_uid="connect.core.tenancy")
