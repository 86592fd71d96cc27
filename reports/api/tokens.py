"""Verbs about tokens: made and revoked by an owner, found by what a program sends."""

import hashlib
import secrets
from collections.abc import Collection
from datetime import timedelta

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import Organisation, User
from accounts.permissions import Answer, may_manage_members
from audit.services import record
from reports.api.models import ApiToken, Scope

PREFIX = "nsp_"
MOST_OF_ONE = 10
#: How exactly `last_used_at` is kept: a program that asks every second writes once a minute.
NOTED_EVERY = timedelta(minutes=1)


class TokenRefused(Exception):
    """The sentence says why, `code` which rule."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code, self.message = code, message


def may_manage_tokens(user: User, organisation: Organisation) -> Answer:
    """Tokens open an organisation's data to programs: an owner's business, as its people are."""
    answer = may_manage_members(user, organisation)
    return answer if answer else Answer(False, _("Only an owner makes and revokes tokens. Ask one of them."))


def tokens_of(organisation: Organisation) -> QuerySet[ApiToken]:
    """An organisation's tokens, the usable ones first."""
    return organisation.api_tokens.select_related("created_by", "revoked_by").order_by("-revoked_at", "-id")


@transaction.atomic
def make_token(
    *, user: User, organisation: Organisation, name: str, scopes: Collection[str]
) -> tuple[ApiToken, str]:
    """A new token and its text, which is nowhere kept. Raises TokenRefused, or ValidationError at `name`."""
    locked = _locked(user, organisation)
    usable = locked.api_tokens.filter(revoked_at__isnull=True)
    if usable.count() >= MOST_OF_ONE:
        raise TokenRefused(
            "too_many",
            _("An organisation has at most %(most)d tokens. Revoke one first.") % {"most": MOST_OF_ONE},
        )
    if usable.filter(name=name).exists():
        raise ValidationError(
            {
                "name": ValidationError(
                    _("There is a token of this name. Choose another."), code="api_token_name_once"
                )
            }
        )
    text = PREFIX + secrets.token_urlsafe(32)
    token = ApiToken.objects.create(
        organisation=locked,
        name=name,
        hint=text[-4:],
        hash=_hash(text),
        scopes=sorted(set(scopes) & set(Scope.values)),
        created_by=user,
    )
    record(
        actor=user,
        action="api_token.made",
        obj=token,
        data={"organisation": locked.pk, "name": name, "scopes": token.scopes},
    )
    return token, text


@transaction.atomic
def revoke_token(*, user: User, token: ApiToken) -> None:
    """End a token at once; revoking it twice changes nothing. Raises TokenRefused."""
    _locked(user, token.organisation)
    changed = ApiToken.objects.filter(pk=token.pk, revoked_at__isnull=True).update(
        revoked_at=timezone.now(), revoked_by=user
    )
    if changed:
        record(
            actor=user, action="api_token.revoked", obj=token, data={"organisation": token.organisation_id}
        )


def find_token(text: str) -> ApiToken | None:
    """The usable token that a program sent; notes that it was used."""
    if not text.startswith(PREFIX):
        return None
    token = (
        ApiToken.objects.select_related("organisation")
        .filter(hash=_hash(text), revoked_at__isnull=True)
        .first()
    )
    if token is not None:
        now = timezone.now()
        stale = Q(last_used_at__isnull=True) | Q(last_used_at__lt=now - NOTED_EVERY)
        if token.last_used_at is None or token.last_used_at < now - NOTED_EVERY:
            ApiToken.objects.filter(stale, pk=token.pk, revoked_at__isnull=True).update(last_used_at=now)
    return token


def _hash(text: str) -> str:
    """256 random bits need no slow hash."""
    return hashlib.sha256(text.encode()).hexdigest()


def _locked(user: User, organisation: Organisation) -> Organisation:
    locked = Organisation.objects.select_for_update(of=("self",)).get(pk=organisation.pk)
    if not (answer := may_manage_tokens(user, locked)):
        raise TokenRefused("not_owner", answer.reason)
    return locked
