"""What may stand in an address for a record that papers belong to: `receipt-12`."""

from django.urls import register_converter
from django.urls.converters import StringConverter


class SubjectConverter(StringConverter):
    regex = "[a-z]{1,20}-[0-9]{1,18}"


register_converter(SubjectConverter, "subject")
