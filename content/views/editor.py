"""The editor: one language's draft at a time, beside it the preview, what to mind, and the links found.

A refused draft comes back as it was typed, each fault at its place; a draft that somebody else overtook comes back
beside theirs.
"""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from connect.core import panels
from connect.core.errors import Invalid, StaleVersion
from connect.core.faults import put_faults
from connect.core.links import with_query
from connect.core.models import Department
from connect.core.roles import Role
from connect.core.web import ConsoleRequest, here, needs, page
from content.actions import contents as actions
from content.actions.contents import BrokenTemplate, newest_revisions
from content.checks import Draft, faults
from content.compare import compare
from content.fieldmenu import field_menu
from content.forms import DraftForm, LanguageForm, NameForm, PreviewForm
from content.models import MessageContent, Revision
from content.rendering.sandbox import TemplateFault
from content.views.drafts import facts
from content.views.preview import pane
from conversations.addresses import check_language

#: Fields of one line, where a line number would say nothing.
SINGLE_LINES = frozenset({"subject", "preheader"})


@needs(Role.VIEWER)
def content(request: ConsoleRequest, content_id: UUID) -> HttpResponse:
    """Open the editor in a language; `start` takes the words of an older revision as a new draft."""
    return editor_page(request, content_id)


@needs(Role.MARKETER)
def save(request: ConsoleRequest, content_id: UUID) -> HttpResponse:
    """Keep a draft as the next revision."""
    form = DraftForm(request.POST)
    if not form.is_valid():
        actions.access_content(request.tenant, content_id, request.member)
        return editor_page(request, content_id, form=form, status=422)
    language, draft = form.cleaned_data["language"], form.draft()
    try:
        saved = actions.save_revision(
            request.tenant,
            content_id,
            language,
            draft,
            version=form.cleaned_data["version"],
            by=request.member,
            now=request.now,
        )
    except BrokenTemplate as error:
        actions.note_refused_draft(request.tenant, content_id, language, error, by=request.member, now=request.now)
        _put_places(form, error.places)
        return editor_page(request, content_id, form=form, places=error.places, status=422)
    except StaleVersion as error:
        return _overtaken(request, error.current, form)
    except Invalid as error:
        put_faults(form, error)
        return editor_page(request, content_id, form=form, status=422)
    if saved.created_at == request.now:
        messages.success(request, _("Saved as revision %(number)s.") % {"number": saved.number})
    else:
        messages.info(request, _("Nothing has changed since revision %(number)s.") % {"number": saved.number})
    return redirect(with_query(here(request, "content", content_id), language=saved.language))


def editor_page(
    request: ConsoleRequest,
    content_id: UUID,
    *,
    form: DraftForm | None = None,
    places: Mapping[str, list[TemplateFault]] | None = None,
    name_form: NameForm | None = None,
    conflict: Mapping[str, Any] | None = None,
    status: int = 200,
) -> HttpResponse:
    """Answer with the editor: as it was saved, or with what was typed and what is wrong with it.

    Errors: MessageContent.DoesNotExist, Revision.DoesNotExist for what the member can't see.
    """
    content = MessageContent.objects.of(request.tenant).visible_to(request.member).public(content_id)
    newest = newest_revisions(request.tenant, content)
    language_form, language = _language(request, form, newest)
    if language_form.errors and status == 200:
        status = 422
    start = _start(request, content) if form is None else None
    language = start.language if start else language
    saved = newest.get(language)
    source = start or saved or newest.get(request.tenant.default_language) or next(iter(newest.values()), None)
    draft = _typed(form) if form else _draft_of(source)
    context = {
        "content": content,
        "department": Department.objects.of(request.tenant).get(pk=content.department_id),
        "may_edit": request.member.may(Role.MARKETER, content.department_id) and content.archived_at is None,
        "may_restore": request.member.may(Role.MARKETER, content.department_id),
        "tongue": language,
        "languages": sorted({*newest, language}, key=lambda code: (code not in newest, code)),
        "newest": newest,
        "saved": saved,
        "start": start,
        "borrowed": source if source and not saved and not start and form is None else None,
        "form": form or _form(content, language, draft),
        "places": places or {},
        "lines": draft.html.splitlines(),
        "name_form": name_form or NameForm(initial={"version": content.version, "name": content.name}),
        "language_form": language_form,
        "conflict": conflict,
        "fields": field_menu(request.tenant),
        "uses": panels.used_by(request.tenant, "content", content.public_id),
        **facts(request.tenant, draft, places or (faults(draft) if draft.html.strip() else {})),
        **pane(request, content, newest, PreviewForm({"language": language})),
    }
    return page(request, "content/editor.html", context, status=status)


def _overtaken(request: ConsoleRequest, current: MessageContent, form: DraftForm) -> HttpResponse:
    """Show both versions; what was typed may now be saved on top of what is there."""
    theirs = newest_revisions(request.tenant, current).get(_tag(form.cleaned_data["language"]))
    draft = form.draft()
    changes = [change for change in compare(theirs or Draft("", "", "", ""), _as_saved(draft)) if change.lines]
    data = request.POST.copy()
    data["version"] = str(current.version)
    again = DraftForm(data)
    again.is_valid()
    conflict = {"theirs": theirs, "changes": changes, "mine": draft}
    return editor_page(request, current.public_id, form=again, conflict=conflict, status=409)


def _language(
    request: ConsoleRequest, form: DraftForm | None, newest: Mapping[str, Revision]
) -> tuple[LanguageForm, str]:
    """Read which language is open; where a new one is asked for that isn't any, say so and open a known one."""
    default = request.tenant.default_language
    fallback = default if default in newest or not newest else next(iter(newest))
    asked = str(form["language"].value() or "") if form else request.GET.get("language", "")
    if not asked:
        return LanguageForm(), fallback
    language_form = LanguageForm({"language": asked})
    if language_form.is_valid():
        try:
            return LanguageForm(), check_language(asked)
        except Invalid as error:
            put_faults(language_form, error)
    return language_form, fallback


def _tag(typed: str) -> str:
    try:
        return check_language(typed)
    except Invalid:
        return typed


def _start(request: ConsoleRequest, content: MessageContent) -> Revision | None:
    asked = request.GET.get("start", "")
    if not asked:
        return None
    try:
        revision_id = UUID(asked)
    except ValueError as error:
        raise Revision.DoesNotExist from error
    return Revision.objects.of(request.tenant).filter(content=content).public(revision_id)


def _draft_of(source: Revision | None) -> Draft:
    if source is None:
        return Draft("", "", "", "")
    return Draft(source.subject, source.preheader, source.html, source.text)


def _typed(form: DraftForm) -> Draft:
    return Draft(*(str(form[name].value() or "") for name in ("subject", "preheader", "html", "text")))


def _as_saved(draft: Draft) -> Draft:
    """Bring the ends of lines to where saving brings them, so that only words are compared."""
    return Draft(
        draft.subject.strip(),
        draft.preheader.strip(),
        draft.html.replace("\r\n", "\n").strip(),
        draft.text.replace("\r\n", "\n").strip(),
    )


def _form(content: MessageContent, language: str, draft: Draft) -> DraftForm:
    return DraftForm(
        initial={
            "language": language,
            "version": content.version,
            "subject": draft.subject,
            "preheader": draft.preheader,
            "html": draft.html,
            "text": draft.text,
        }
    )


def _put_places(form: DraftForm, places: Mapping[str, list[TemplateFault]]) -> None:
    """Put each fault at its field, with its line where the field has lines."""
    for field, said in places.items():
        for fault in said:
            says = fault.says
            if field not in SINGLE_LINES:
                says = _("Line %(line)s: %(says)s") % {"line": fault.line, "says": fault.says}
            form.add_error(field, says)
