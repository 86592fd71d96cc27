"""Browsers of the tests: Django's test client, in which a sign-in is a whole one."""

import time

from allauth.account.authentication import AUTHENTICATION_METHODS_SESSION_KEY
from allauth.account.internal.flows.login import _AUTHENTICATION_METHODS_USER_SESSION_KEY
from django import test
from django.utils.http import urlencode

from accounts.permissions import is_official
from accounts.second_factor import CODES_KEPT


class Client(test.Client):
    """Signs people in as the portal's own pages leave them: officials with a second factor shown just now.

    What the session holds is allauth's record of it. `second_factor` says otherwise: False for none, a number for
    how many seconds ago it was (and the password). Tests of the sign-in itself post the pages' forms
    (tests/accounts/test_second_factor.py).
    """

    def force_login(self, user, backend=None, *, second_factor: bool | float = True) -> None:
        super().force_login(user, backend)
        session = self.session
        session["noted"] = int(time.time())  # in the list of the person's sessions
        session.save()
        then = time.time() - (0 if second_factor is True else second_factor)
        records = [{"method": "password", "at": then, "username": user.username}]
        if second_factor is not False and is_official(user):
            records.append({"method": "mfa", "at": then, "id": 0, "type": "totp"})
            session[CODES_KEPT] = True
        session[_AUTHENTICATION_METHODS_USER_SESSION_KEY] = str(user.pk)
        session[AUTHENTICATION_METHODS_SESSION_KEY] = records
        session.save()

    def show(self, asked, **typed):
        """Answers the page that asks for the factor again; the page from which what waited goes on, or a refusal."""
        answer = self.post(asked.url, typed)
        return self.get(answer.url) if answer.status_code == 302 else answer

    def carry_on(self, page):
        """The button of that page."""
        step = page.context["step"]
        form = "application/x-www-form-urlencoded"
        return self.post(step.path, urlencode(step.fields), content_type=form)
