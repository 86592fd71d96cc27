"""The people of an organisation: who they are, invitations, roles, ownership, leaving."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts import members
from accounts.forms import HandoverForm, InviteForm, RoleForm
from accounts.identifiers import mask_email
from accounts.members import MemberRefused
from accounts.models import Handover, Invitation, Membership, Organisation
from accounts.permissions import may_manage_members
from accounts.selectors import organisations_of


@login_required
@require_GET
def people(request, pk: int):
    """The members of an organisation; its owners also see invitations and what they may change."""
    return _people(request, _own(request, pk))


@login_required
@require_POST
def invite(request, pk: int):
    """Invite somebody by e-mail; the mail leaves by itself."""
    organisation = _own(request, pk)
    form = InviteForm(request.POST)
    if form.is_valid():
        try:
            invitation = members.invite(user=request.user, organisation=organisation, **form.cleaned_data)
        except ValidationError as error:
            form.add_error("email", error.message_dict["email"])
        except MemberRefused as refused:
            return _refused(request, refused, organisation)
        else:
            messages.success(
                request,
                _("The invitation to %(email)s is on its way. It is valid until %(day)s.")
                % {"email": invitation.email, "day": invitation.expires_at.strftime("%Y-%m-%d")},
            )
            return redirect("organisation_people", pk)
    return _people(request, organisation, invite_form=form, status=422)


@login_required
@require_POST
def withdraw(request, pk: int):
    """Withdraw an open invitation."""
    found = get_object_or_404(
        Invitation.objects.select_related("organisation"), pk=pk, organisation__memberships__user=request.user
    )
    return _do(
        request,
        found.organisation,
        lambda: members.withdraw_invitation(user=request.user, invitation=found),
        _("The invitation is withdrawn; its link opens nothing any more."),
    )


@login_required
@require_POST
def change_role(request, pk: int):
    """Make a member a clerk or a reader."""
    member = _member(request, pk)
    form = RoleForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("Choose one of the roles in the list."))
        return redirect("organisation_people", member.organisation_id)
    return _do(
        request,
        member.organisation,
        lambda: members.change_role(user=request.user, member=member, role=form.cleaned_data["role"]),
        _("%(person)s has another role now.") % {"person": member.user},
    )


@login_required
@require_http_methods(["GET", "POST"])
def remove(request, pk: int):
    """Ask, then remove a member."""
    member = _member(request, pk)
    if request.method == "POST":
        return _do(
            request,
            member.organisation,
            lambda: members.remove_member(user=request.user, member=member),
            _("%(person)s is no member any more.") % {"person": member.user},
        )
    answer = may_manage_members(request.user, member.organisation)
    if not answer:
        messages.error(request, answer.reason)
        return redirect("organisation_people", member.organisation_id)
    return _confirm(
        request,
        member.organisation,
        question=_("Remove %(person)s from %(organisation)s?")
        % {"person": member.user, "organisation": member.organisation},
        consequence=_(
            "The person loses access at once. Their drafts and filings stay with the organisation."
        ),
        action_url=reverse("member_remove", args=[pk]),
        action_label=_("Remove"),
    )


@login_required
@require_http_methods(["GET", "POST"])
def leave(request, pk: int):
    """Ask, then leave an organisation."""
    organisation = _own(request, pk)
    member = organisation.memberships.select_related("user", "organisation").get(user=request.user)
    if request.method == "POST":
        try:
            members.remove_member(user=request.user, member=member)
        except MemberRefused as refused:
            return _refused(request, refused, organisation)
        messages.success(request, _("You do not act for %(name)s any more.") % {"name": organisation})
        return redirect("organisations")
    return _confirm(
        request,
        organisation,
        question=_("Leave %(organisation)s?") % {"organisation": organisation},
        consequence=_("You lose access at once. Your drafts and filings stay with the organisation."),
        action_url=reverse("organisation_leave", args=[pk]),
        action_label=_("Leave"),
    )


@login_required
@require_POST
def offer(request, pk: int):
    """Offer ownership to a member."""
    organisation = _own(request, pk)
    form = HandoverForm(request.POST, organisation=organisation)
    if not form.is_valid():
        return _people(request, organisation, handover_form=form, status=422)
    member = form.cleaned_data["member"]
    return _do(
        request,
        organisation,
        lambda: members.offer_ownership(
            user=request.user, member=member, stays_owner=form.cleaned_data["stays_owner"]
        ),
        _("Ownership is offered to %(person)s, who finds the offer in the inbox.") % {"person": member.user},
    )


@login_required
@require_POST
def accept_offer(request, pk: int):
    """Become an owner."""
    found = _offer(request, pk)
    return _do(
        request,
        found.organisation,
        lambda: members.accept_ownership(user=request.user, offer=found),
        _("You are an owner of %(name)s now.") % {"name": found.organisation},
    )


@login_required
@require_POST
def close_offer(request, pk: int):
    """Decline an offer, or take it back."""
    found = _offer(request, pk)
    return _do(
        request,
        found.organisation,
        lambda: members.close_offer(user=request.user, offer=found),
        _("The offer is closed. Nothing has changed."),
    )


@require_http_methods(["GET", "POST"])
def invitation(request, token: str):
    """What an invitation's link opens: sign in, then join. The link alone shows no organisation."""
    found = members.invitation_by_token(token)
    if found is None:
        return render(request, "accounts/invitation.html", {"refusal": _not_known()}, status=404)
    refusal = members.refusal_of(found)
    if request.method == "POST" and request.user.is_authenticated and not refusal:
        try:
            members.accept_invitation(user=request.user, invitation=found)
        except MemberRefused as refused:
            refusal = refused.message
        else:
            messages.success(request, _("You act for %(name)s now.") % {"name": found.organisation})
            return redirect("organisation", found.organisation_id)
    fits = request.user.is_authenticated and members.has_address(request.user, found.email)
    context = {
        "invitation": found if fits and not refusal else None,
        "refusal": refusal,
        "email": mask_email(found.email),
        "is_other": request.user.is_authenticated and not fits,
    }
    return render(request, "accounts/invitation.html", context, status=410 if refusal else 200)


def _not_known() -> str:
    return _("This link is not complete or not ours. Open it from the mail once more.")


def _own(request: HttpRequest, pk: int) -> Organisation:
    return get_object_or_404(organisations_of(request.user), pk=pk)


def _member(request: HttpRequest, pk: int) -> Membership:
    found = Membership.objects.select_related("user", "organisation")
    return get_object_or_404(found, pk=pk, organisation__in=organisations_of(request.user))


def _offer(request: HttpRequest, pk: int) -> Handover:
    found = Handover.objects.select_related("organisation", "offered_by", "offered_to")
    return get_object_or_404(found, pk=pk, organisation__in=organisations_of(request.user))


def _do(request: HttpRequest, organisation: Organisation, verb, done: str) -> HttpResponse:
    try:
        verb()
    except MemberRefused as refused:
        return _refused(request, refused, organisation)
    messages.success(request, done)
    return redirect("organisation_people", organisation.pk)


def _refused(request: HttpRequest, refused: MemberRefused, organisation: Organisation) -> HttpResponse:
    messages.error(request, refused.message)
    return redirect("organisation_people", organisation.pk)


def _people(
    request: HttpRequest,
    organisation: Organisation,
    *,
    invite_form: InviteForm | None = None,
    handover_form: HandoverForm | None = None,
    status: int = 200,
) -> HttpResponse:
    manages = may_manage_members(request.user, organisation)
    context = {
        "organisation": organisation,
        "members": organisation.memberships.select_related("user").order_by("created_at", "pk"),
        "manages": manages,
        "offer": members.open_offer(organisation),
        "roles": RoleForm.ROLES,
        "form": invite_form or handover_form,
        "crumbs": _crumbs(organisation),
    }
    if manages:
        context |= {
            "invitations": members.open_invitations(organisation),
            "invite_form": invite_form or InviteForm(),
            "handover_form": handover_form or HandoverForm(organisation=organisation),
        }
    return render(request, "accounts/people.html", context, status=status)


def _confirm(request: HttpRequest, organisation: Organisation, **question: str) -> HttpResponse:
    context = question | {
        "danger": True,
        "cancel_url": reverse("organisation_people", args=[organisation.pk]),
        "crumbs": [
            *_crumbs(organisation),
            {"label": _("People"), "url": reverse("organisation_people", args=[organisation.pk])},
        ],
    }
    return render(request, "accounts/confirm.html", context)


def _crumbs(organisation: Organisation) -> list[dict]:
    return [
        {"label": _("Organisation"), "url": reverse("organisations")},
        {"label": organisation.name, "url": reverse("organisation", args=[organisation.pk])},
    ]
