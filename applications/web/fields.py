"""Form fields of this room: references with one spelling."""

from typing import Any

from django import forms

from applications.references import plain_reference


class ReferenceField(forms.CharField):
    """A number on a document: no spaces, plain capitals, so that one document has one spelling."""

    def to_python(self, value: Any) -> str:
        return plain_reference(super().to_python(value))
