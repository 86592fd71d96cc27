"""Words for the codes that a frozen line of a claim carries, and the way from it to the number."""

from collections.abc import Mapping, Sequence
from typing import Any

from django import template

from accounts.identifiers import division_name
from training.enums import Education, IdentityKind
from training.models import Enrolment

register = template.Library()


@register.filter
def education_label(code: str) -> str:
    return str(dict(Education.choices).get(code, code))


@register.filter
def identity_kind_label(code: str) -> str:
    return str(dict(IdentityKind.choices).get(code, code))


@register.filter
def division_label(code: str) -> str:
    """Province and county of a division code."""
    return division_name(code)


@register.inclusion_tag("training/_reveal_link.html", takes_context=True)
def reveal_link(context, lines: Sequence[Mapping[str, Any]], line: Mapping[str, Any]) -> dict[str, Any]:
    """The way to one trainee's number, of the frozen lines on the page; one query for all of them."""
    known = context.render_context.get("trainees_of_lines")
    if known is None:
        enrolments = Enrolment.objects.filter(pk__in=[each["enrolment"] for each in lines])
        known = dict(enrolments.filter(trainee__erased_at__isnull=True).values_list("pk", "trainee_id"))
        context.render_context["trainees_of_lines"] = known
    return {"trainee": known.get(line["enrolment"]), "name": line["name"]}
