"""What officials wrote, at the very field of the applicant's form that it is about."""

from collections.abc import Sequence

from django import template
from django.forms.boundfield import BoundField

from casework.corrections import RemarkView

register = template.Library()


@register.simple_tag
def remarks_at(field: BoundField) -> Sequence[RemarkView]:
    """The remarks of a field; its control is described by them beside its help and its errors."""
    found = getattr(field.field, "remarks", ())
    if found:
        ids = [view.anchor for view in found]
        field.field.widget.attrs["aria-describedby"] = " ".join(filter(None, [field.aria_describedby, *ids]))
    return found
