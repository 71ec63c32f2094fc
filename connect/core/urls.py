"""The ground floor's pages, below /t/<tenant>/."""

from django.urls import path
from django.views.decorators.http import require_GET, require_POST

from connect.core.views import audit, departments, members, notices

urlpatterns = [
    path("admin/members/", require_GET(members.members), name="members"),
    path("admin/members/add/", members.add, name="member-add"),
    path("admin/members/<uuid:member_id>/", members.member, name="member"),
    path("admin/members/<uuid:member_id>/invite/", require_POST(members.invite_again), name="member-invite"),
    path("admin/members/<uuid:member_id>/stop/", require_POST(members.stop), name="member-stop"),
    path("admin/members/<uuid:member_id>/restore/", require_POST(members.restore), name="member-restore"),
    path("admin/departments/", require_GET(departments.departments), name="departments"),
    path("admin/departments/add/", departments.add, name="department-add"),
    path("admin/departments/<uuid:department_id>/", departments.department, name="department"),
    path("admin/departments/<uuid:department_id>/delete/", require_POST(departments.delete), name="department-delete"),
    path("notices/", require_GET(notices.notices), name="notices"),
    path("notices/read/", require_POST(notices.read), name="notices-read"),
    path("admin/audit/", require_GET(audit.audit_log), name="audit"),
]
