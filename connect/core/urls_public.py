"""The ground floor's pages outside any tenant: invitations, a person's own page, and the operators' pages."""

from django.urls import path
from django.views.decorators.http import require_GET, require_POST

from connect.core.views import operator, people

urlpatterns = [
    path("invitations/<str:token>/", people.invitation, name="invitation"),
    path("me/", people.own, name="own"),
    path("operator/tenants/", require_GET(operator.tenants), name="operator-tenants"),
    path("operator/tenants/new/", operator.new, name="operator-new"),
    path("operator/tenants/<uuid:tenant_id>/", operator.tenant, name="operator-tenant"),
    path("operator/tenants/<uuid:tenant_id>/suspend/", require_POST(operator.suspend), name="operator-suspend"),
    path("operator/tenants/<uuid:tenant_id>/resume/", require_POST(operator.resume), name="operator-resume"),
    path("operator/tenants/<uuid:tenant_id>/admins/", require_POST(operator.invite), name="operator-invite"),
    path(
        "operator/tenants/<uuid:tenant_id>/admins/<uuid:member_id>/",
        require_POST(operator.invite_again),
        name="operator-invite-again",
    ),
]
