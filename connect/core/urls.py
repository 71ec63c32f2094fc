"""The ground floor's pages, below /t/<tenant>/."""

from django.urls import path
from django.views.decorators.http import require_GET, require_POST

from connect.core.views import audit, members

urlpatterns = [
    path("admin/members/", require_GET(members.members), name="members"),
    path("admin/members/add/", require_POST(members.add), name="member-add"),
    path("admin/members/<uuid:member_id>/", members.member, name="member"),
    path("admin/members/<uuid:member_id>/stop/", require_POST(members.stop), name="member-stop"),
    path("admin/members/<uuid:member_id>/restore/", require_POST(members.restore), name="member-restore"),
    path("admin/audit/", require_GET(audit.audit_log), name="audit"),
]
