"""django-allauth's forms, labelled as a person reads them."""

from allauth.account import forms as allauth
from django.utils.translation import gettext_lazy as _


class WithoutPlaceholders:
    """The label stands above the field; the same word again inside looks like a value."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            field.widget.attrs.pop("placeholder", None)


class LoginForm(WithoutPlaceholders, allauth.LoginForm):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["login"].label = _("Username or email")
        # Its link to a new password would stand between the two fields for whoever goes on by Tab;
        # account/login.html shows it below the form.
        self.fields["password"].help_text = ""


class SignupForm(WithoutPlaceholders, allauth.SignupForm):
    pass
