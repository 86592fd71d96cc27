"""Where an organisation's money goes: its payees of a claim, their accounts, and who still has to look at them."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.db.models import Case, IntegerField, Value, When
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.permissions import may_file_for
from casework.transitions import Refused
from casework.views import visible_case
from payments.desk.common import chip
from payments.enums import AccountState
from payments.models import PayeeAccount
from payments.payees import latest_accounts, payee_of, payees_of
from payments.permissions import may_confirm, may_withdraw_account
from payments.services import accounts as services
from payments.web.forms import AccountForm

PAGE_SIZE = 50


def _own(user):
    """The accounts of the organisations that a person acts for, those that wait for somebody first."""
    rank = Case(
        When(state="entered", then=Value(0)),
        When(state="confirmed", then=Value(1)),
        default=Value(2),
        output_field=IntegerField(),
    )
    found = PayeeAccount.objects.filter(organisation__memberships__user=user)
    return found.select_related("organisation", "entered_by").annotate(rank=rank).order_by("rank", "-id")


def _shown(user, account: PayeeAccount) -> str:
    """The last digits; none before the second person has typed them from the bank's paper."""
    hidden = account.state == AccountState.ENTERED and account.entered_by_id != user.pk
    return "****" if hidden else account.number_masked


@login_required
@require_GET
def accounts(request):
    """Every account of the person's organisations."""
    page = Paginator(_own(request.user), PAGE_SIZE).get_page(request.GET.get("page"))
    rows = [
        {"account": account, "shown": _shown(request.user, account), "status": chip(account)}
        for account in page
    ]
    return render(request, "payments/accounts.html", {"page_obj": page, "rows": rows})


@login_required
@require_GET
def case_accounts(request, number: str):
    """The payees of one claim and the state of their accounts."""
    case = visible_case(request, number)
    payees = payees_of(case)
    found = latest_accounts(case, payees)
    rows = []
    for payee in payees:
        latest = found.get(payee.person_key, [])
        current = next((account for account in latest if account.state == "verified"), None)
        change = latest[0] if latest and latest[0].state != "verified" else None
        rows.append(
            {
                "payee": payee,
                "current": current,
                "change": change,
                "shown": _shown(request.user, change) if change else "",
                "change_status": chip(change) if change else None,
                "open": change is not None and change.state in ("entered", "confirmed"),
            }
        )
    page = Paginator(rows, PAGE_SIZE).get_page(request.GET.get("page"))
    context = {
        "case": case,
        "page_obj": page,
        "may_file": may_file_for(request.user, case.organisation),
        "crumbs": _crumbs(case),
    }
    return render(request, "payments/case_accounts.html", context)


def _crumbs(case, *more) -> list[dict]:
    return [
        {"label": _("My claims"), "url": reverse("dashboard")},
        {"label": case.number, "url": case.get_absolute_url()},
        *more,
    ]


@sensitive_post_parameters("number")
@login_required
@require_http_methods(["GET", "POST"])
def account_new(request, number: str):
    """Enter the account of one payee (`?payee=`), again when it changed; a second person confirms it."""
    case = visible_case(request, number)
    back = redirect("payments:case_accounts", case.number)
    answer = may_file_for(request.user, case.organisation)
    payee = payee_of(case, request.GET.get("payee", ""))
    if not answer or payee is None:
        messages.error(request, answer.reason or _("This claim pays nobody of that kind."))
        return back
    form = AccountForm(request.POST or None, initial={"holder_name": payee.name})
    if request.method == "POST" and form.is_valid():
        try:
            account = services.enter_account(
                user=request.user, case=case, reference=payee.reference, data=form.data_typed()
            )
        except ValidationError as error:
            form.add_error(None, error)
        except Refused as refusal:
            form.add_error(None, refusal.message)
        else:
            messages.success(request, _("The account is kept. Another person has to confirm it now."))
            return redirect("payments:account", account.pk)
    accounts_crumb = {"label": _("Accounts"), "url": reverse("payments:case_accounts", args=[case.number])}
    context = {"case": case, "payee": payee, "form": form, "crumbs": _crumbs(case, accounts_crumb)}
    return render(request, "payments/account_new.html", context)


@login_required
@require_GET
def account(request, pk: int):
    """One account with the people who saw it, and what the reader may do."""
    found = get_object_or_404(_own(request.user).select_related("confirmed_by"), pk=pk)
    context = {
        "account": found,
        "shown": _shown(request.user, found),
        "status": chip(found),
        "may_confirm": may_confirm(request.user, found),
        "may_withdraw": may_withdraw_account(request.user, found),
        "crumbs": [{"label": _("Payee accounts"), "url": reverse("payments:accounts")}],
    }
    return render(request, "payments/account.html", context)


@login_required
@require_POST
def account_confirm(request, pk: int):
    """The second person has compared the account; the last four digits are typed as the proof of it."""
    found = get_object_or_404(_own(request.user), pk=pk)
    if request.POST.get("tail", "").strip() != found.number_masked[-4:]:
        messages.error(
            request, _("The last four digits differ from what was entered. Compare them with the paper.")
        )
        return redirect("payments:account", pk)
    return _step(request, pk, services.confirm_account, _("Confirmed. The bureau verifies the account now."))


@login_required
@require_POST
def account_withdraw(request, pk: int):
    get_object_or_404(_own(request.user), pk=pk)
    return _step(request, pk, services.withdraw_account, _("The account is taken back."))


def _step(request, pk: int, step, done: str):
    try:
        step(user=request.user, account_id=pk)
    except Refused as refusal:
        messages.error(request, refusal.message)
    else:
        messages.success(request, done)
    return redirect("payments:account", pk)
