"""A version's way: copied, written, submitted, returned or published by another person. Each step locks and checks."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.enums import OfficialRole
from accounts.models import User
from accounts.permissions import YES, Answer, has_role
from accounts.refusals import Refusal
from audit import services as audit
from policy import calendar
from policy.enums import VersionStatus
from policy.models import PolicyAuthor, PolicyParameter, PolicyVersion
from policy.rules.parameters import Parameter, TermsError
from policy.selectors import parameters_of, terms_of
from policy.words import rule_problem


class PolicyRefused(Refusal):
    """A step of a version that may not be taken now."""


class RuleRefused(PolicyRefused):
    """A figure that cannot be applied; `parameter` names it."""

    def __init__(self, error: TermsError) -> None:
        super().__init__("terms", rule_problem(error))
        self.parameter = error.parameter
        self.error = error


@dataclass(frozen=True)
class Content:
    """What a draft says: its names, its days and its parameters (texts as in policy/data/terms.toml)."""

    code: str
    title_zh: str
    title_en: str
    in_force_from: date
    in_force_to: date | None
    parameters: Sequence[Parameter]


def may_draft(user: User) -> Answer:
    if not (user.is_staff and has_role(user, OfficialRole.POLICY_EDITOR)):
        return Answer(
            False, _("This step needs the role “%(role)s”.") % {"role": OfficialRole.POLICY_EDITOR.label}
        )
    return YES


def may_publish(user: User, version: PolicyVersion) -> Answer:
    """May this person publish the submitted version? The database holds the same rule once more."""
    answer = may_draft(user)
    if not answer:
        return answer
    if version.status != VersionStatus.SUBMITTED:
        return Answer(False, _("Only a submitted version can be published."))
    wrote = user.pk in (version.drafted_by_id, version.submitted_by_id)
    if wrote or version.authors.filter(user=user).exists():
        return Answer(False, _("You wrote or submitted this version; somebody else must publish it."))
    return YES


def content_hash(version: PolicyVersion) -> str:
    """What a person saw of a version, as one hash: names, days, status and every parameter."""
    return audit.sha256(
        [
            [version.programme, version.code, version.title_zh, version.title_en, version.status],
            [version.in_force_from, version.in_force_to],
            [
                [p.name, p.value, p.unit, p.clause, p.quotation]
                for p in sorted(parameters_of(version), key=lambda one: one.name)
            ],
        ]
    )


@transaction.atomic
def create_draft(*, user: User, programme: str, content: Content, source: str) -> PolicyVersion:
    """A new draft. `source` says where it comes from, for the audit: a version's code or a file's name.

    Raises PolicyRefused (permission, code_taken) and RuleRefused.
    """
    _need(may_draft(user))
    _check_code(programme, content.code)
    version = PolicyVersion(programme=programme, drafted_by=user)
    _fill(version, content)
    version.save()
    PolicyAuthor.objects.create(version=version, user=user)
    _write(version, content.parameters)
    _check_terms(version)
    audit.record(
        actor=user,
        action="policy.drafted",
        obj=version,
        data={"code": version.code, "source": source, "hash": content_hash(version)},
    )
    return version


def copied_content(
    version: PolicyVersion,
    *,
    code: str,
    in_force_from: date,
    in_force_to: date | None,
    title_zh: str = "",
    title_en: str = "",
) -> Content:
    """A version's rules under another name; without titles of its own, the copy keeps the version's."""
    return Content(
        code,
        title_zh or version.title_zh,
        title_en or version.title_en,
        in_force_from,
        in_force_to,
        list(parameters_of(version)),
    )


@transaction.atomic
def save_draft(*, version_id: int, user: User, revision: int, content: Content) -> PolicyVersion:
    """Replace what a draft says. Raises PolicyRefused (permission, stale, step, code_taken) and RuleRefused."""
    version = _locked(version_id)
    _need(may_draft(user))
    _need_status(version, VersionStatus.DRAFT)
    if version.revision != revision:
        raise PolicyRefused(
            "stale",
            _("Somebody changed this draft meanwhile. Compare with the present draft and save again."),
        )
    _check_code(version.programme, content.code, but=version.pk)
    before = {p.name: p for p in parameters_of(version)}
    dates_before = [version.in_force_from, version.in_force_to]
    _fill(version, content)
    version.revision += 1
    version.save()
    _write(version, content.parameters)
    _check_terms(version)
    PolicyAuthor.objects.get_or_create(version=version, user=user)
    audit.record(
        actor=user,
        action="policy.draft_changed",
        obj=version,
        data={
            "code": version.code,
            "days": [dates_before, [version.in_force_from, version.in_force_to]],
            "changed": {
                p.name: [before[p.name].value if p.name in before else "", p.value]
                for p in content.parameters
                if before.get(p.name) != p
            },
            "hash": content_hash(version),
        },
    )
    return version


@transaction.atomic
def submit(*, version_id: int, user: User, seen: str) -> PolicyVersion:
    """Freeze a draft for a second person. Raises PolicyRefused (permission, stale, step, calendar) and RuleRefused."""
    version = _locked(version_id)
    _need(may_draft(user))
    _need_status(version, VersionStatus.DRAFT)
    _need_seen(version, seen)
    _check_terms(version)
    _check_calendar(version)
    version.status, version.submitted_by, version.submitted_at = VersionStatus.SUBMITTED, user, timezone.now()
    _step(version, user, "policy.submitted")
    return version


@transaction.atomic
def return_to_draft(*, version_id: int, user: User, seen: str) -> PolicyVersion:
    """Open a submitted version for changes again. Raises PolicyRefused (permission, stale, step)."""
    version = _locked(version_id)
    _need(may_draft(user))
    _need_status(version, VersionStatus.SUBMITTED)
    _need_seen(version, seen)
    version.status, version.submitted_by, version.submitted_at = VersionStatus.DRAFT, None, None
    _step(version, user, "policy.returned")
    return version


@transaction.atomic
def discard(*, version_id: int, user: User, seen: str) -> PolicyVersion:
    """Put a draft away for good; its row stays. Raises PolicyRefused (permission, stale, step)."""
    version = _locked(version_id)
    _need(may_draft(user))
    _need_status(version, VersionStatus.DRAFT)
    _need_seen(version, seen)
    version.status = VersionStatus.DISCARDED
    _step(version, user, "policy.discarded")
    return version


@transaction.atomic
def publish(*, version_id: int, user: User, seen: str) -> PolicyVersion:
    """Put a submitted version in force, by somebody who did not write it; an open-ended predecessor ends before it.

    Raises PolicyRefused (permission, stale, step, calendar) and RuleRefused.
    """
    version = _locked(version_id)
    if version.status != VersionStatus.SUBMITTED:
        _need(may_draft(user))
        _need_status(version, VersionStatus.SUBMITTED)
    _need(may_publish(user, version))
    _need_seen(version, seen)
    _check_terms(version)
    _check_calendar(version)
    if ended := calendar.ended_by(version, calendar.published_beside(version)):
        ended.in_force_to, ended.ended_by = version.in_force_from - calendar.ONE_DAY, version
        ended.save(update_fields=["in_force_to", "ended_by"])
        audit.record(
            actor=user,
            action="policy.ended",
            obj=ended,
            data={"in_force_to": ended.in_force_to, "by": version.code},
        )
    version.status, version.published_by, version.published_at = VersionStatus.PUBLISHED, user, timezone.now()
    _step(version, user, "policy.published")
    return version


# Parts


def _locked(version_id: int) -> PolicyVersion:
    """The version, with every version of its programme locked: days are compared between them."""
    programme = PolicyVersion.objects.values_list("programme", flat=True).get(pk=version_id)
    rows = PolicyVersion.objects.select_for_update(of=("self",)).filter(programme=programme).order_by("pk")
    return next(row for row in rows if row.pk == version_id)


def _step(version: PolicyVersion, user: User, action: str) -> None:
    version.revision += 1
    version.save()
    audit.record(
        actor=user,
        action=action,
        obj=version,
        data={
            "code": version.code,
            "days": [version.in_force_from, version.in_force_to],
            "hash": content_hash(version),
        },
    )


def _fill(version: PolicyVersion, content: Content) -> None:
    if content.in_force_to is not None and content.in_force_to < content.in_force_from:
        raise RuleRefused(TermsError("in_force_to", "ends before it begins", "dates"))
    version.code, version.title_zh, version.title_en = content.code, content.title_zh, content.title_en
    version.in_force_from, version.in_force_to = content.in_force_from, content.in_force_to


def _write(version: PolicyVersion, parameters: Sequence[Parameter]) -> None:
    rows: Mapping[str, PolicyParameter] = {row.name: row for row in version.parameters.all()}
    for one in parameters:
        row = rows.get(one.name) or PolicyParameter(version=version, name=one.name)
        row.value, row.unit, row.clause, row.quotation = one.value, one.unit, one.clause, one.quotation
        row.save()
    # Read anew from here on.
    getattr(version, "_prefetched_objects_cache", {}).pop("parameters", None)


def _check_terms(version: PolicyVersion) -> None:
    try:
        terms_of(version)
    except TermsError as error:
        raise RuleRefused(error) from None


def _check_calendar(version: PolicyVersion) -> None:
    blocking = [f for f in calendar.findings(version, calendar.published_beside(version)) if f.blocking]
    if blocking:
        raise PolicyRefused("calendar", " ".join(f.message for f in blocking))


def _check_code(programme: str, code: str, but: int | None = None) -> None:
    if PolicyVersion.objects.filter(programme=programme, code=code).exclude(pk=but).exists():
        raise PolicyRefused(
            "code_taken",
            _("This programme has a version %(code)s already. Choose another name.") % {"code": code},
        )


def _need(answer: Answer) -> None:
    if not answer:
        raise PolicyRefused("permission", answer.reason)


def _need_status(version: PolicyVersion, status: VersionStatus) -> None:
    if version.status != status:
        raise PolicyRefused(
            "step",
            _("This step is not possible: the version is now “%(status)s”.")
            % {"status": version.get_status_display()},
        )


def _need_seen(version: PolicyVersion, seen: str) -> None:
    if content_hash(version) != seen:
        raise PolicyRefused(
            "stale", _("The version changed after you opened this page. Read it again before you decide.")
        )
