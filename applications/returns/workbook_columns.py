"""The two sheets of the returns' workbook: what each column is called, takes and explains; fields are the page's."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy

from applications.enums import ServiceType
from applications.returns.forms import LineForm, ReturnForm
from policy.countries import COUNTRIES
from policy.industry import every_park
from policy.sectors import Sector
from workbooks.sheets import Column, Kind, Sheet, Words

PERIODS, LINES = "periods", "lines"

_WHOLE = {"kind": Kind.WHOLE, "width": 14}


def _period() -> tuple[Column, Column]:
    return (
        Column(
            "year",
            Words("Year", "年度"),
            forms.IntegerField(
                error_messages={
                    "required": gettext_lazy("Write the year."),
                    "invalid": gettext_lazy("Write the year in four digits, such as 2025."),
                }
            ),
            kind=Kind.WHOLE,
            example="2025",
            width=10,
        ),
        Column(
            "month",
            Words("Month", "月份"),
            forms.IntegerField(
                required=False,
                min_value=0,
                max_value=12,
                error_messages={
                    "invalid": gettext_lazy("Write a month from 1 to 12, or nothing for the whole year."),
                    "min_value": gettext_lazy("Write a month from 1 to 12, or nothing for the whole year."),
                    "max_value": gettext_lazy("Write a month from 1 to 12, or nothing for the whole year."),
                },
            ),
            kind=Kind.WHOLE,
            width=10,
            help=Words("Empty: the whole year.", "留空表示全年。"),
        ),
    )


def _columns(form: type[forms.Form], names: Mapping[str, tuple[Words, dict[str, Any]]]) -> tuple[Column, ...]:
    return tuple(Column(name, head, form.base_fields[name], **more) for name, (head, more) in names.items())


_park = forms.CharField(required=False, max_length=20)
_sector = forms.CharField(max_length=30)

periods_sheet = Sheet(
    PERIODS,
    Words("Periods", "报告期"),
    (
        *_period(),
        *_columns(
            ReturnForm,
            {
                "headcount": (Words("People employed", "期末从业人数"), {**_WHOLE, "example": "120"}),
                "graduates_hired": (Words("Graduates hired", "新录用毕业生"), {**_WHOLE, "example": "15"}),
            },
        ),
        Column(
            "park",
            Words("Gathering area", "所在集聚区"),
            _park,
            kind=Kind.CHOICE,
            choices=[(park.code, park) for park in every_park()],
            width=34,
            help=Words("Empty: outside of the gathering areas.", "留空表示不在集聚区内。"),
        ),
        *_columns(ReturnForm, {"note": (Words("Explanation", "情况说明"), {"width": 40})}),
    ),
    max_rows=500,
    intro=Words(
        "One row for each year, or month, that is over. A period that is there already is changed, as long as it is"
        " not filed.",
        "每个已结束的年度或月份一行。已有且未报送的报告期将被更新。",
    ),
)

lines_sheet = Sheet(
    LINES,
    Words("Business", "业务明细"),
    (
        *_period(),
        Column(
            "sector",
            Words("Sector", "所属领域"),
            _sector,
            kind=Kind.CHOICE,
            choices=Sector.choices,
            example="software",
        ),
        *_columns(
            LineForm,
            {
                "service_type": (
                    Words("Kind of service", "业务类型"),
                    {"kind": Kind.CHOICE, "choices": ServiceType.choices, "example": "ito"},
                ),
                "client_country": (
                    Words("Client's country or region", "发包方所在国家或地区"),
                    {
                        "kind": Kind.CHOICE,
                        "choices": COUNTRIES,
                        "example": "US",
                        "help": Words("China (mainland) is onshore business.", "中国（大陆）为在岸业务。"),
                    },
                ),
                "amount_usd": (
                    Words("Business in USD", "业务额（美元）"),
                    {"kind": Kind.MONEY, "example": "1250000.00"},
                ),
            },
        ),
    ),
    max_rows=20_000,
    intro=Words(
        "One row for each sector, kind of service and country of a period. The period stands on the sheet Periods or"
        " was begun in the portal.",
        "报告期内每个领域、业务类型、国家或地区一行。报告期须列于“报告期”工作表，或已在平台建立。",
    ),
)
