"""Checks after payment: draw a sample, record what was found, hear the applicant, conclude by another person."""

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.permissions import Answer
from audit import services as audit
from casework.services.calculation import lock_case
from casework.transitions import Refused
from payments.after_permissions import may_conclude, may_draw, may_find, may_open, may_reply
from payments.enums import CheckCause, CheckState, Conclusion, Finding, PaymentEventKind
from payments.models import Payment, PaymentEvent, SampleDraw, SpotCheck
from payments.populations import population_of
from payments.sampling import new_seed, pick, size_of
from policy.practice import practice
from policy.workdays import working_days


def _refuse_unless(answer: Answer) -> None:
    if not answer:
        raise Refused("permission", answer.reason)


def _need(code: str, text: str, sentence: str) -> str:
    if not text.strip():
        raise Refused(code, sentence)
    return text.strip()


@transaction.atomic
def draw_sample(*, user: User, programme: str, year: int, size: int | None = None) -> SampleDraw:
    """Draw payments of a programme's year at random and open a check of each. Raises Refused `nobody`, `size`.

    `size` None: the share that practice asks for. The seed is made here, after the population is read.
    """
    _refuse_unless(may_draw(user))
    today = timezone.localdate()
    found = population_of(programme, year, today).select_for_update(of=("self",), no_key=True)
    population = {payment.number: payment for payment in found}
    if not population:
        raise Refused("nobody", _("No paid award of this year is left to look at."))
    wanted = size_of(len(population), practice("sample_percent", today)) if size is None else size
    if not 1 <= wanted <= len(population):
        raise Refused(
            "size", _("Draw at least 1 and at most %(count)d payments.") % {"count": len(population)}
        )
    seed = new_seed()
    draw = SampleDraw.objects.create(
        programme=programme,
        year=year,
        seed=seed,
        population=sorted(population),
        size=wanted,
        drawn_by=user,
    )
    drawn = pick(seed, population, wanted)
    SpotCheck.objects.bulk_create(
        SpotCheck(
            cause=CheckCause.SAMPLE,
            draw=draw,
            payment=population[number],
            case_id=population[number].case_id,
            opened_by=user,
        )
        for number in drawn
    )
    audit.record(
        actor=user,
        action="check.sample_drawn",
        obj=draw,
        data={
            "programme": programme,
            "year": year,
            "seed": seed,
            "population": audit.sha256(draw.population),
            "count": len(population),
            "drawn": drawn,
        },
    )
    return draw


@transaction.atomic
def open_check(*, user: User, payment_number: str, cause: CheckCause, occasion: str) -> SpotCheck:
    """Look at one payment again, after a report or an audit. Raises Refused."""
    _refuse_unless(may_open(user))
    occasion = _need("occasion", occasion, _("Write what led to this check."))
    payment = Payment.objects.filter(number=payment_number.strip()).first()
    if payment is None:
        raise Refused("unknown", _("There is no payment with this number."))
    lock_case(payment.case_id)
    try:
        with transaction.atomic():
            check = SpotCheck.objects.create(
                cause=cause, payment=payment, case_id=payment.case_id, occasion=occasion, opened_by=user
            )
    except IntegrityError as error:
        if "check_one_open" in str(error):
            raise Refused("open", _("This payment is being looked at already.")) from error
        if "check_of_paid_money" in str(error):
            raise Refused("unpaid", _("Only what was paid is looked at again.")) from error
        raise
    _note(user, "check.opened", check, occasion=occasion)
    return check


@transaction.atomic
def record_finding(*, user: User, check_id: int, finding: Finding, evidence: str, text: str) -> SpotCheck:
    """Say what was found and from what; the applicant may reply from now on. Raises Refused."""
    check = _locked(check_id)
    _refuse_unless(may_find(user, check))
    check.finding, check.state = Finding(finding), CheckState.HEARING
    check.evidence = _need("evidence", evidence, _("Write what was looked at, with its number."))
    check.finding_text = _need("text", text, _("Write what was found: the applicant will read it."))
    check.found_by, check.found_at = user, timezone.now()
    today = timezone.localdate()
    check.reply_by = working_days().after(today, practice("check_reply_days", today))
    check.save()
    if finding == Finding.IRREGULAR:
        PaymentEvent.objects.create(
            case_id=check.case_id, kind=PaymentEventKind.HEARING, key=f"check-{check.pk}"
        )
    _note(user, "check.found", check, finding=check.finding, reply_by=check.reply_by)
    return check


@transaction.atomic
def reply(*, user: User, check_id: int, text: str) -> SpotCheck:
    """The applicant's answer to a finding, once. Raises Refused."""
    check = _locked(check_id)
    _refuse_unless(may_reply(user, check))
    check.reply = _need("text", text, _("Write your reply."))
    check.replied_by, check.replied_at = user, timezone.now()
    check.save(update_fields=["reply", "replied_by", "replied_at"])
    _note(user, "check.replied", check)
    return check


@transaction.atomic
def conclude(*, user: User, check_id: int, conclusion: Conclusion, text: str) -> SpotCheck:
    """Another person than the finder concludes, after reply or term. Raises Refused `reply_first`, `finding`."""
    check = _locked(check_id)
    _refuse_unless(may_conclude(user, check))
    check.conclusion, check.state = Conclusion(conclusion), CheckState.CONCLUDED
    check.conclusion_text = _need("text", text, _("Write the reasons: the applicant will read them."))
    check.concluded_by, check.concluded_at = user, timezone.now()
    try:
        with transaction.atomic():
            check.save()
    except IntegrityError as error:
        if "check_reply_first" in str(error):
            raise Refused(
                "reply_first",
                _("The applicant may reply until %(day)s; conclude after the reply or after that day.")
                % {"day": check.reply_by},
            ) from error
        if "check_conclusion_follows_finding" in str(error):
            raise Refused("finding", _("What was found in order has no consequence.")) from error
        raise
    if check.finding == Finding.IRREGULAR:
        PaymentEvent.objects.create(
            case_id=check.case_id, kind=PaymentEventKind.CONCLUDED, key=f"check-{check.pk}"
        )
    _note(user, "check.concluded", check, conclusion=check.conclusion)
    return check


def _locked(check_id: int) -> SpotCheck:
    """The check, its organisation and case locked first."""
    lock_case(SpotCheck.objects.values_list("case_id", flat=True).get(pk=check_id))
    rows = SpotCheck.objects.select_for_update(of=("self",), no_key=True)
    return rows.select_related("case__organisation").get(pk=check_id)


def _note(user: User, action: str, check: SpotCheck, **data: object) -> None:
    audit.record(
        actor=user,
        action=action,
        obj=check.case,
        data={"check": check.pk, "payment": check.payment_id, **data},
    )
