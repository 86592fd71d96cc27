"""What may stand in an address in place of a case number; anything else is no page (and never reaches the database)."""

from django.urls import register_converter
from django.urls.converters import StringConverter


class CaseNumberConverter(StringConverter):
    regex = "[A-Za-z0-9-]{1,24}"


register_converter(CaseNumberConverter, "case_number")
