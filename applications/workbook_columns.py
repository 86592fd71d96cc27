"""The sheets and columns of the offshore workbook: contracts, and the receipts of one claim."""

import copy
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy

from applications.enums import ServiceType
from applications.web.contract_forms import ContractForm
from applications.web.receipt_forms import ReceiptForm
from policy.countries import COUNTRIES, CURRENCIES
from policy.sectors import Sector
from workbooks.sheets import Column, Kind, Sheet, Words

CONTRACTS, RECEIPTS = "contracts", "receipts"
YES_NO = (("yes", gettext_lazy("yes")), ("no", gettext_lazy("no")))


def _field(form: type[forms.BaseForm], name: str, **changes: Any) -> forms.Field:
    """A copy of a page's field."""
    field = copy.deepcopy(form.base_fields[name])
    for key, value in changes.items():
        setattr(field, key, value)
    return field


def _column(form: type[forms.BaseForm], name: str, en: str, zh: str, **more: Any) -> Column:
    return Column(name, Words(en, zh), _field(form, name), **more)


contracts_sheet = Sheet(
    CONTRACTS,
    Words("Contracts", "合同"),
    (
        _column(
            ContractForm,
            "contract_number",
            "Contract number",
            "合同编号",
            kind=Kind.CODE,
            example="NC-2015-001",
        ),
        _column(
            ContractForm,
            "registration_number",
            "Registration certificate number",
            "合同登记证书编号",
            kind=Kind.CODE,
            example="3601-2015-0001",
            width=26,
        ),
        _column(ContractForm, "name", "Contract name", "合同名称", example="软件开发服务", width=30),
        _column(ContractForm, "client_name", "Client", "发包方", example="Example Client Inc.", width=30),
        _column(
            ContractForm,
            "client_country",
            "Client's country or region",
            "发包方所在国家或地区",
            kind=Kind.CHOICE,
            choices=COUNTRIES,
            example="US",
        ),
        _column(
            ContractForm,
            "is_related_party",
            "Related party",
            "发包方为关联方",
            kind=Kind.CHOICE,
            choices=YES_NO,
            example="no",
            width=12,
            is_usual=True,
        ),
        _column(
            ContractForm,
            "service_type",
            "Kind of service",
            "业务类型",
            kind=Kind.CHOICE,
            choices=ServiceType.choices,
            example="ito",
        ),
        _column(
            ContractForm,
            "sector",
            "Sector",
            "所属领域",
            kind=Kind.CHOICE,
            choices=Sector.choices,
            example="software",
        ),
        _column(
            ContractForm,
            "currency",
            "Currency",
            "币种",
            kind=Kind.CHOICE,
            choices=CURRENCIES,
            example="USD",
            is_usual=True,
        ),
        _column(ContractForm, "value", "Contract value", "合同金额", kind=Kind.MONEY, example="1000000.00"),
        _column(
            ContractForm, "signed_on", "Signed on", "签订日期", kind=Kind.DAY, example="2015-01-05", width=14
        ),
        _column(
            ContractForm, "starts_on", "Starts on", "开始日期", kind=Kind.DAY, example="2015-01-10", width=14
        ),
        _column(
            ContractForm,
            "ends_on",
            "Ends on",
            "结束日期",
            kind=Kind.DAY,
            example="2016-12-31",
            width=14,
            help=Words("Empty: open-ended.", "留空表示无固定期限。"),
        ),
    ),
    max_rows=10_000,
    intro=Words(
        "One row for each contract with an overseas client. A contract is known by its number: a number that is"
        " registered already is changed, another one is added.",
        "每份离岸合同一行。以合同编号识别：编号已登记的，更新该合同；未登记的，新增合同。",
    ),
)

receipts_sheet = Sheet(
    RECEIPTS,
    Words("Receipts", "收汇凭证"),
    (
        Column(
            "contract",
            Words("Contract number", "合同编号"),
            forms.CharField(
                max_length=60,
                error_messages={
                    "required": gettext_lazy("Choose the contract under which the money was paid.")
                },
            ),
            kind=Kind.CODE,
            example="NC-2015-001",
            help=Words(
                "Registered in the portal or on the sheet Contracts.", "须已在平台登记，或列于“合同”工作表。"
            ),
        ),
        _column(
            ReceiptForm,
            "received_on",
            "Received on",
            "收汇日期",
            kind=Kind.DAY,
            example="2015-05-20",
            width=14,
        ),
        _column(
            ReceiptForm,
            "currency",
            "Currency",
            "币种",
            kind=Kind.CHOICE,
            choices=CURRENCIES,
            example="USD",
            is_usual=True,
        ),
        _column(
            ReceiptForm,
            "amount",
            "Amount",
            "金额",
            kind=Kind.MONEY,
            example="250000.00",
            help=Words("A refund is negative.", "退款填负数。"),
        ),
        _column(
            ReceiptForm,
            "bank_reference",
            "Bank reference",
            "银行流水号",
            kind=Kind.CODE,
            example="BOC20150520001",
            width=26,
        ),
        _column(
            ReceiptForm,
            "declaration_number",
            "Declaration number",
            "涉外收入申报单号",
            kind=Kind.CODE,
            example="360100000101150520N001",
            width=28,
        ),
    ),
    max_rows=20_000,
    intro=Words(
        "One row for each payment that reached your account in the year of the claim. A receipt is known by its bank"
        " reference.",
        "申报年度内每笔到账一行。以银行流水号识别收汇凭证。",
    ),
)
