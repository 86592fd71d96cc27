from django import forms
from django.utils.translation import gettext_lazy as _


class UploadForm(forms.Form):
    """One file for one item; `replaces` is the version that it follows."""

    item = forms.CharField(max_length=40)
    replaces = forms.IntegerField(required=False, min_value=1, max_value=2**62)
    file = forms.FileField(
        allow_empty_file=True,
        error_messages={"required": _("Choose a file first."), "invalid": _("Choose a file first.")},
    )
