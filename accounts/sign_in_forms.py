"""django-allauth's forms, labelled as a person reads them."""

import unicodedata

from allauth.account import forms as allauth
from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.utils.translation import gettext_lazy as _


def validate_visible(text: str) -> None:
    """No sign that is not seen, or that turns the words around it: officials read whose name stands on a case."""
    if any(unicodedata.category(sign).startswith("C") for sign in text):
        raise ValidationError(_("Leave out signs that cannot be seen."), code="invisible")


#: A login that looks like somebody else's, or is somebody's address of mail, is nobody's to choose.
username_validators = [
    RegexValidator(
        r"\A[A-Za-z0-9._\u4e00-\u9fff-]+\Z",
        _("Use letters a to z, digits, Chinese characters, points, hyphens and underscores."),
        code="username",
    )
]


class WithoutPlaceholders:
    """The label stands above the field; the same word again inside looks like a value."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            field.widget.attrs.pop("placeholder", None)


class AddEmailForm(WithoutPlaceholders, allauth.AddEmailForm):
    pass


class ChangePasswordForm(WithoutPlaceholders, allauth.ChangePasswordForm):
    pass


class SetPasswordForm(WithoutPlaceholders, allauth.SetPasswordForm):
    pass


class ResetPasswordForm(WithoutPlaceholders, allauth.ResetPasswordForm):
    pass


class ResetPasswordKeyForm(WithoutPlaceholders, allauth.ResetPasswordKeyForm):
    pass


class ReauthenticateForm(WithoutPlaceholders, allauth.ReauthenticateForm):
    pass


class LoginForm(WithoutPlaceholders, allauth.LoginForm):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["login"].label = _("Username or email")
        # Its link to a new password would stand between the two fields for whoever goes on by Tab;
        # account/login.html shows it below the form.
        self.fields["password"].help_text = ""

    def clean(self):
        try:
            return super().clean()
        except ValidationError as error:
            if not str(error.code).endswith("password_mismatch"):
                raise
            # Said at the field, so that the summary leads there.
            self.add_error("password", error)
        return self.cleaned_data


class SignupForm(WithoutPlaceholders, allauth.SignupForm):
    display_name = forms.CharField(
        label=_("Your name"),
        max_length=60,
        help_text=_("As officials and colleagues read it beside what you file."),
        validators=[validate_visible],
        error_messages={"required": _("Write your name: officials and colleagues read who filed.")},
    )
    field_order = ["display_name", "username", "email", "password1", "password2"]

    def save(self, request):
        user = super().save(request)
        user.display_name = self.cleaned_data["display_name"]
        user.save(update_fields=["display_name"])
        return user
