"""Forms of the public pages and of the applicants."""

import uuid

from django import forms
from django.utils.translation import gettext_lazy as _

GROUNDS_LENGTH = 4000
CONTACT_LENGTH = 100
#: A letter has some hundred kilobytes.
MOST_BYTES = 5 * 1024 * 1024


class TokenForm(forms.Form):
    """A form that has one effect, however often it is sent."""

    token = forms.UUIDField(widget=forms.HiddenInput)

    def __init__(self, data=None, *args, **kwargs) -> None:
        super().__init__(data, *args, **kwargs)
        self.initial.setdefault("token", uuid.uuid4())


class AppealForm(TokenForm):
    grounds = forms.CharField(
        label=_("Grounds"),
        max_length=GROUNDS_LENGTH,
        widget=forms.Textarea(attrs={"rows": 8}),
        help_text=_("What is wrong in the decision, and which evidence shows it."),
    )
    contact = forms.CharField(
        label=_("Contact"),
        max_length=CONTACT_LENGTH,
        help_text=_("Telephone or e-mail of the person whom the bureau may ask. Kept encrypted."),
    )


class ObjectionForm(TokenForm):
    objector = forms.CharField(
        label=_("Your name"),
        max_length=100,
        help_text=_(
            "A person or an organisation. Kept encrypted; neither published nor shown to the organisation."
        ),
    )
    contact = forms.CharField(
        label=_("Contact"),
        max_length=CONTACT_LENGTH,
        help_text=_("Telephone or e-mail, for questions only. Kept encrypted."),
    )
    grounds = forms.CharField(
        label=_("Grounds and evidence"),
        max_length=GROUNDS_LENGTH,
        widget=forms.Textarea(attrs={"rows": 8}),
        help_text=_(
            "What is wrong with this entry, and how you know. The organisation reads these words, so write "
            "nothing here that tells who you are."
        ),
    )


class StatementForm(forms.Form):
    version = forms.IntegerField(widget=forms.HiddenInput)
    statement = forms.CharField(
        label=_("Statement of your organisation"),
        max_length=GROUNDS_LENGTH,
        widget=forms.Textarea(attrs={"rows": 8}),
        help_text=_("It can be given once. Evidence is added to the case's files."),
    )


class CodeForm(forms.Form):
    code = forms.CharField(
        label=_("Verification code"),
        max_length=40,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false", "size": 24}),
        help_text=_("16 letters and digits, with or without hyphens."),
    )


class AnswerForm(CodeForm):
    """The code that was given with an objection or appeal."""

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.fields["code"].label = _("Code of your objection or appeal")


class LetterFileForm(forms.Form):
    """The file that somebody was sent, to compare."""

    file = forms.FileField(label=_("PDF of the letter"))

    def clean_file(self):
        file = self.cleaned_data["file"]
        if file.size > MOST_BYTES:
            raise forms.ValidationError(
                _("This file is too large to be one of our letters."), code="too_large"
            )
        return file
