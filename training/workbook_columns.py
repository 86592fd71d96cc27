"""The sheets and columns of the training workbook: classes, and one row for each trainee in a class."""

import copy
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy

from policy.sectors import Sector
from training.enums import Education, IdentityKind
from training.web.enrolment_form import EnrolmentForm
from training.web.forms import ClassForm, TraineeForm
from workbooks.sheets import Column, Kind, Sheet, Words

CLASSES, TRAINEES = "classes", "trainees"
YES_NO = (("yes", gettext_lazy("yes")), ("no", gettext_lazy("no")))
#: What a row says of the person, whichever the class.
PERSON = ("name", "identity_kind", "education", "school", "student_number", "consent_on")


def _column(form: type[forms.BaseForm], field_name: str, en: str, zh: str, **more: Any) -> Column:
    """A column read by a copy of a page's field; `required` and `name` may differ from it."""
    field = copy.deepcopy(form.base_fields[field_name])
    field.required = more.pop("required", field.required)
    return Column(more.pop("name", field_name), Words(en, zh), field, **more)


classes_sheet = Sheet(
    CLASSES,
    Words("Classes", "班次"),
    (
        _column(ClassForm, "code", "Class code", "班次编号", kind=Kind.CODE, example="K-2015-01"),
        _column(ClassForm, "name", "Class name", "班次名称", example="Java 软件外包实训", width=30),
        _column(
            ClassForm,
            "sector",
            "Sector",
            "所属领域",
            kind=Kind.CHOICE,
            choices=Sector.choices,
            example="software",
        ),
        _column(
            ClassForm, "starts_on", "First day", "开始日期", kind=Kind.DAY, example="2015-03-01", width=14
        ),
        _column(ClassForm, "ends_on", "Last day", "结束日期", kind=Kind.DAY, example="2015-06-01", width=14),
        _column(ClassForm, "hours", "Hours", "学时", kind=Kind.WHOLE, example="400", width=10),
        _column(ClassForm, "customised_for", "Trained to the order of", "定制培训单位", width=30),
    ),
    max_rows=2_000,
    intro=Words(
        "One row for each class that is not registered yet, or that changed. A class is known by its code.",
        "尚未登记或有变化的班次每个班次一行。以班次编号识别。",
    ),
)

trainees_sheet = Sheet(
    TRAINEES,
    Words("Trainees", "学员"),
    (
        _column(
            ClassForm,
            "code",
            "Class code",
            "班次编号",
            name="class_code",
            kind=Kind.CODE,
            example="K-2015-01",
        ),
        _column(TraineeForm, "name", "Name", "姓名", example="王示例", width=12),
        _column(
            TraineeForm,
            "identity_kind",
            "Identity document",
            "身份证件类型",
            kind=Kind.CHOICE,
            choices=IdentityKind.choices,
            example="resident",
            width=20,
            is_usual=True,
        ),
        _column(
            TraineeForm,
            "identity",
            "Identity number",
            "身份证件号码",
            required=True,
            kind=Kind.CODE,
            example="360102199302150011",
            width=24,
            help=Words(
                "Format as text, or the last digits are lost.", "请设为文本格式，否则末位数字会丢失。"
            ),
        ),
        _column(
            TraineeForm,
            "education",
            "Education",
            "学历层次",
            kind=Kind.CHOICE,
            choices=Education.choices,
            example="bachelor",
        ),
        _column(
            TraineeForm, "school", "College or university", "毕业（就读）院校", example="示例大学", width=24
        ),
        _column(TraineeForm, "student_number", "Student number", "学号", kind=Kind.CODE, example="20120001"),
        _column(
            TraineeForm,
            "consent_on",
            "Consent given on",
            "同意书签署日期",
            kind=Kind.DAY,
            example="2015-03-01",
            width=16,
        ),
        _column(
            EnrolmentForm,
            "starts_on",
            "First day of training",
            "培训开始日期",
            required=False,
            kind=Kind.DAY,
            width=16,
            help=Words("Empty: the days of the class.", "留空则按班次日期。"),
        ),
        _column(
            EnrolmentForm,
            "ends_on",
            "Last day of training",
            "培训结束日期",
            required=False,
            kind=Kind.DAY,
            width=16,
            help=Words("Empty: the days of the class.", "留空则按班次日期。"),
        ),
        _column(
            EnrolmentForm,
            "certificate_number",
            "Certificate number",
            "证书编号",
            kind=Kind.CODE,
            example="CERT-2015-0001",
        ),
        _column(
            EnrolmentForm,
            "certificate_issued_on",
            "Certificate issued on",
            "发证日期",
            kind=Kind.DAY,
            example="2015-06-20",
            width=16,
        ),
        _column(
            EnrolmentForm,
            "employer_code",
            "Employer's credit code",
            "用人单位统一社会信用代码",
            kind=Kind.CODE,
            example="91360102MA00000003",
            width=26,
        ),
        _column(
            EnrolmentForm,
            "employer_name",
            "Employer's name",
            "用人单位登记名称",
            example="示例信息技术有限公司",
            width=30,
            help=Words("Only for an employer that the portal does not know yet.", "仅平台尚无该单位时填写。"),
        ),
        _column(
            EnrolmentForm,
            "employer_division",
            "Employer's division code",
            "用人单位注册地行政区划代码",
            kind=Kind.CODE,
            width=18,
            help=Words("Empty: digits 3 to 8 of the credit code.", "留空则取信用代码第3至8位。"),
        ),
        _column(
            EnrolmentForm,
            "signed_on",
            "Contract signed on",
            "劳动合同签订日期",
            kind=Kind.DAY,
            example="2015-07-01",
            width=18,
        ),
        _column(
            EnrolmentForm,
            "contract_starts_on",
            "First day of the contract",
            "劳动合同开始日期",
            kind=Kind.DAY,
            example="2015-07-01",
            width=18,
        ),
        _column(
            EnrolmentForm,
            "contract_ends_on",
            "Last day of the contract",
            "劳动合同结束日期",
            kind=Kind.DAY,
            example="2016-07-01",
            width=18,
        ),
        _column(
            EnrolmentForm,
            "open_ended",
            "Open-ended contract",
            "无固定期限劳动合同",
            kind=Kind.CHOICE,
            choices=YES_NO,
            example="no",
            width=12,
            is_usual=True,
        ),
        _column(EnrolmentForm, "position", "Position", "岗位", example="软件工程师"),
    ),
    max_rows=120_000,
    intro=Words(
        "One row for each trainee in a class, with the certificate and the labour contract as far as they are there."
        " A row is known by identity number and class; cells that stay empty remove nothing.",
        "每名学员每个班次一行，证书和劳动合同已有的一并填写。以身份证件号码加班次编号识别；留空的单元格不会删除已有内容。",
    ),
)
