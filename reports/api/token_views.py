"""An organisation's tokens: its owners make and revoke them, its other members see that there are some."""

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from accounts.models import Organisation
from accounts.selectors import organisations_of
from reports.api.models import ApiToken, Scope
from reports.api.tokens import TokenRefused, make_token, may_manage_tokens, revoke_token, tokens_of


class TokenForm(forms.Form):
    name = forms.CharField(
        label=gettext_lazy("Name"),
        max_length=60,
        help_text=gettext_lazy("Which program uses it, such as “ERP”."),
    )
    scopes = forms.MultipleChoiceField(
        label=gettext_lazy("It may"),
        choices=Scope.choices,
        initial=[Scope.CLAIMS_READ],
        widget=forms.CheckboxSelectMultiple,
    )


@login_required
@require_http_methods(["GET", "POST"])
def tokens(request: HttpRequest, pk: int) -> HttpResponse:
    """The list; a POST makes one and shows it, this once."""
    organisation = get_object_or_404(organisations_of(request.user), pk=pk)
    if request.method == "GET":
        return _page(request, organisation, TokenForm())
    form = TokenForm(request.POST)
    if not form.is_valid():
        return _page(request, organisation, form, status=422)
    try:
        token, text = make_token(user=request.user, organisation=organisation, **form.cleaned_data)
    except ValidationError as error:
        form.add_error("name", error.message_dict["name"])
        return _page(request, organisation, form, status=422)
    except TokenRefused as refused:
        form.add_error(None, refused.message)
        return _page(request, organisation, form, status=422)
    return _page(request, organisation, TokenForm(), made=token, text=text)


@login_required
@require_POST
def revoke(request: HttpRequest, pk: int) -> HttpResponse:
    """End one token; what uses it is refused from the next request on."""
    token = get_object_or_404(ApiToken.objects.filter(organisation__in=organisations_of(request.user)), pk=pk)
    try:
        revoke_token(user=request.user, token=token)
    except TokenRefused as refused:
        messages.error(request, refused.message)
    else:
        messages.success(request, _("The token “%(name)s” is revoked.") % {"name": token.name})
    return redirect("api_tokens", pk=token.organisation_id)


def _page(
    request: HttpRequest, organisation: Organisation, form: TokenForm, *, status: int = 200, **more
) -> HttpResponse:
    context = {
        "organisation": organisation,
        "form": form,
        "manages": may_manage_tokens(request.user, organisation),
        "tokens": [
            (token, [Scope(scope).label for scope in token.scopes]) for token in tokens_of(organisation)[:100]
        ],
        "crumbs": [
            {"label": _("Organisation"), "url": reverse("organisations")},
            {"label": organisation.name, "url": reverse("organisation", args=[organisation.pk])},
        ],
        **more,
    }
    return render(request, "open_data/tokens.html", context, status=status)
