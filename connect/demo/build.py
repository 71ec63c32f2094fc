"""Builds the demo's tenants through the same actions that the pages use: nothing here touches a table by itself."""

import io
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

from audiences.actions.models import create_audience
from audiences.actions.seeds import SeedListOf, SeedOf, make_seed_list
from audiences.models import AudienceModel, SeedList
from campaigns.actions.campaigns import Choice, Information, Schedule, change_audience, change_schedule, make_campaign
from campaigns.actions.content import assign_content
from campaigns.actions.review import approve, ask_approval
from campaigns.models import Approval, Campaign
from campaigns.states import ApprovalState, StartKind
from connect.core.actions.members import GrantOf, add_member
from connect.core.actions.tenants import make_tenant
from connect.core.models import Department, Member, Tenant, User
from connect.core.roles import Role
from connect.core.tenancy import tenant as open_tenant
from connect.demo import letters
from connect.demo.people import AUDIENCE_RULE, BROKEN, CLOSED_DOMAIN, COLUMNS, SEGMENT_RULES, Person, write_file
from content.actions.contents import create_content, save_revision
from content.checks import Draft
from content.models import MessageContent
from conversations.actions.attributes import AttributeOf, declare_attribute
from conversations.actions.conversations import Identity, make_conversation
from conversations.actions.dkim_keys import make_dkim_key, start_signing
from conversations.actions.imports import do_map, do_upload, run_import
from conversations.actions.subscriptions import do_unsubscribe
from conversations.models import Attribute, Conversation, Customer
from conversations.states import AttributeKind, AttributeType, Channel, DkimAlgorithm
from segments.actions.models import create_segmentation
from segments.models import Segment, SegmentationModel
from suppression.actions.applications import apply_list
from suppression.actions.imports import import_entries
from suppression.actions.lists import ListFields, make_list
from suppression.models import SuppressionList
from suppression.states import Reason, Scope
from suppression.values import Defaults

ROLES = {
    "marketer": ("Marta Lindt", [Role.MARKETER]),
    "approver": ("Amélie Tremblay", [Role.CONTENT_APPROVER, Role.LAUNCH_APPROVER]),
    "admin": ("Ada Okafor", [Role.ADMIN]),
    "viewer": ("Viktor Chen", [Role.VIEWER]),
}
