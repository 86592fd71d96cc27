from django import template

from nanchang_portal.sample import second_factor

register = template.Library()


@register.simple_tag
def sample_code(user) -> dict | None:
    """What a fictional official's authenticator shows now; nothing wherever the sample is switched off."""
    return second_factor.shown_to(user)
