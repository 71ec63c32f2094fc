"""Builds the demo's tenants through the same actions that the pages use: nothing here touches a table by itself."""

from connect.core.roles import Role

ROLES = {
    "marketer": ("Marta Lindt", [Role.MARKETER]),
    "approver": ("Amélie Tremblay", [Role.CONTENT_APPROVER, Role.LAUNCH_APPROVER]),
    "admin": ("Ada Okafor", [Role.ADMIN]),
    "viewer": ("Viktor Chen", [Role.VIEWER]),
}
