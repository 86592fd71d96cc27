"""Every form x every field x what nobody should type: no 5xx, and what was typed is still there beside the message."""

import html
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import pytest
from django.db import transaction
from django.urls import reverse

from accounts.enums import OfficialRole
from tests import factories
from tests.access.world import client_of

pytestmark = pytest.mark.usefixtures("plain_templates")

HOSTILE = {
    "nul": "a\x00b",
    "exponent": "1e999999",
    "not a number": "NaN",
    "infinity": "-Infinity",
    "huge": "9" * 5000,
    "long": "名" * 3000,
    "right to left": "\u202eabc\u2066\U0001f4b0\ufeff\u200b",
    "full width": "－１２３．４５",
    "negative": "-1",
    "first day": "0001-01-01",
    "last day": "9999-12-31",
    "no day": "2015-02-30",
    "markup": "<script>alert(1)</script>'\";--",
    "template": "{{ 7*7 }}{% debug %}",
    "other digits": "٢٠١٥-٠١-٠١",
    "spaces": " \t\r\n\u3000",
    "empty": "",
    "lone surrogate": b"\xed\xa0\x80",
    "big number": str(2**63),
    "foreign": "987654321",
}


def forms(world) -> Iterator[tuple[str, str, object, dict[str, str]]]:
    """Name, address, who posts it, and what a person would type."""
    draft, filed = world.offshore
    row = world.contract
    yield (
        "organisation",
        reverse("organisation_new"),
        world.clerk,
        {
            "kind": "enterprise",
            "name": "New",
            "credit_code": factories.credit_code(654321),
            "address": "Road 1",
            "contact_name": "Li",
            "contact_phone": "0791-1",
        },
    )
    yield (
        "contact",
        reverse("organisation", args=[world.enterprise.pk]),
        world.clerk,
        {"address": "Road 1", "contact_name": "Li", "contact_phone": "0791-1"},
    )
    contract = {
        "version": str(row.version),
        "registration_number": "R",
        "contract_number": "K",
        "name": "N",
        "client_name": "C",
        "client_country": "US",
        "service_type": "ito",
        "sector": "software",
        "currency": "USD",
        "value": "1",
        "signed_on": "2015-01-01",
        "starts_on": "2015-01-01",
        "ends_on": "",
    }
    yield "contract", reverse("offshore:contract_new"), world.clerk, contract
    yield "contract change", reverse("offshore:contract", args=[row.pk]), world.clerk, contract
    yield (
        "claim start",
        reverse("offshore:claim_new"),
        world.clerk,
        {"organisation": str(world.enterprise.pk), "year": "2013"},
    )
    claim = {
        "version": str(draft.version),
        "typed_seen": "",
        "note": "n",
        "receipts-TOTAL_FORMS": "1",
        "receipts-INITIAL_FORMS": "0",
    }
    for number in range(1):
        claim |= {
            f"receipts-{number}-{name}": value
            for name, value in {
                "id": "",
                "contract": str(row.pk),
                "received_on": "2016-01-02",
                "currency": "USD",
                "amount": "1",
                "bank_reference": f"REF{number}",
                "declaration_number": "",
            }.items()
        }
    yield "claim", reverse("offshore:claim", args=[draft.number]), world.clerk, claim
    yield "autosave", reverse("offshore:autosave", args=[draft.number]), world.clerk, claim
    yield "add row", reverse("offshore:claim", args=[draft.number]), world.clerk, claim | {"add_row": ""}
    undertaking = {"version": str(draft.version), "name": "Li", "undertaking": ""}
    yield "submit", reverse("offshore:submit", args=[draft.number]), world.clerk, undertaking
    yield (
        "withdraw",
        reverse("casework:withdraw", args=[filed.number]),
        world.clerk,
        {"version": "0", "reason": "r"},
    )
    yield (
        "class",
        reverse("training:class_edit", args=[world.training_class.pk]),
        world.teacher,
        {
            "version": str(world.training_class.version),
            "code": "X",
            "name": "N",
            "sector": "software",
            "starts_on": "2015-03-01",
            "ends_on": "2015-06-01",
            "hours": "10",
            "customised_for": "",
        },
    )
    trainee = {
        "version": str(world.trainee.version),
        "name": "Zhang",
        "identity_kind": "resident",
        "identity": "",
        "education": "bachelor",
        "school": "S",
        "student_number": "1",
        "consent_on": "2015-03-01",
    }
    yield "trainee", reverse("training:trainee_edit", args=[world.trainee.pk]), world.teacher, trainee
    yield (
        "trainee new",
        reverse("training:trainee_new"),
        world.teacher,
        trainee
        | {
            "identity": factories.identity_number(888),
            "training_class": str(world.training_class.pk),
        },
    )
    yield (
        "enrolment",
        reverse("training:enrolment", args=[world.enrolment.pk]),
        world.teacher,
        {
            "version": str(world.enrolment.version),
            "starts_on": "2015-03-01",
            "ends_on": "2015-06-01",
            "certificate_number": "C",
            "certificate_issued_on": "2015-06-20",
            "employer_code": factories.credit_code(900001),
            "employer_name": "E",
            "employer_division": "360102",
            "signed_on": "2015-07-01",
            "contract_starts_on": "2015-07-01",
            "contract_ends_on": "2016-07-01",
            "position": "P",
        },
    )
    yield "enrol", reverse("training:enrol", args=[world.training_class.pk]), world.teacher, {"trainees": "1"}
    yield (
        "enrol one",
        reverse("training:trainee_enrol", args=[world.trainee.pk]),
        world.teacher,
        {"training_class": "1"},
    )
    number = world.training[0].number
    version = str(world.training[0].version)
    chosen = {"version": version, "shown": "1", "chosen": "1"}
    yield "choose", reverse("training:claim", args=[number]), world.teacher, chosen
    yield "choose all", reverse("training:choose_eligible", args=[number]), world.teacher, chosen
    yield (
        "training submit",
        reverse("training:submit", args=[number]),
        world.teacher,
        {
            "version": version,
            "note": "n",
            "signed_by": "Li",
            "undertaking": "",
        },
    )
    superuser = factories.UserFactory(is_staff=True, is_superuser=True)
    finance = factories.official(OfficialRole.FINANCE)
    decision = {"stage": "initial", "assessment_hash": "x", "outcome": "return", "reason": "r"}
    yield "decision", reverse("admin:casework_case_decide", args=[filed.pk]), superuser, decision
    token = f"{filed.pk}:initial:{filed.current_assessment.hash}x"
    yield (
        "pass",
        reverse("admin:casework_case_pass"),
        superuser,
        {"case": token, "_changelist_filters": "a=b"},
    )
    yield (
        "action",
        reverse("admin:casework_case_changelist"),
        superuser,
        {
            "action": "pass_selected",
            "_selected_action": str(filed.pk),
            "select_across": "0",
            "index": "0",
        },
    )
    yield (
        "rate",
        reverse("admin:applications_exchangerate_add"),
        finance,
        {
            "currency": "JPY",
            "usd_per_unit": "0.01",
            "valid_from": "2015-01-01",
            "valid_to": "2015-02-01",
            "source": "S",
        },
    )
    yield (
        "accreditation",
        reverse("admin:accounts_accreditation_add"),
        superuser,
        {
            "kind": "recognition",
            "organisation": str(world.enterprise.pk),
            "document_number": "D",
            "valid_from": "2015-01-01",
            "valid_to": "",
        },
    )
    yield (
        "user",
        reverse("admin:accounts_user_add"),
        superuser,
        {
            "username": "u",
            "display_name": "U",
            "usable_password": "true",
            "password1": factories.PASSWORD,
            "password2": factories.PASSWORD + "x",
        },
    )
    yield "sign in", reverse("account_login"), None, {"login": "u", "password": "p"}
    yield (
        "sign up",
        reverse("account_signup"),
        None,
        {
            "username": "u9",
            "email": "u9@example.test",
            "password1": factories.PASSWORD,
            "password2": factories.PASSWORD + "x",
        },
    )


NAMES = (
    "organisation", "contact", "contract", "contract change", "claim start", "claim", "autosave", "add row", "submit",
    "withdraw", "class", "trainee", "trainee new", "enrolment", "enrol", "enrol one", "choose", "choose all",
    "training submit", "decision", "pass", "action", "rate", "accreditation", "user", "sign in", "sign up",
)  # fmt: skip
#: So that pytest's workers share the forms.
PARTS = 4
# What a person chooses or never sees; what is typed beside an employer that is known; a page's own bookkeeping.
NOT_TYPED = re.compile(
    r"version|typed_seen|password\d?|assessment_hash|stage|organisation|year|undertaking|trainees|training_class"
    r"|shown|chosen|employer_name|employer_division|action|_selected_action|select_across|index|receipts-(TOTAL|INITIAL)_FORMS|receipts-\d-(id|contract|currency)"
)
# Each of these goes into every field alone; all kinds go into all fields at once.
WORST = ("nul", "exponent", "last day")


def shows(response, typed: str) -> bool:
    """Whether the page still holds what was typed, as text or as a value; NUL and line ends aside."""
    text = html.unescape(response.content.decode())
    squeezed = re.sub(r"\s+", "", typed.replace("\x00", ""))
    return squeezed in re.sub(r"\s+", "", text.replace("\x00", ""))


def posts(typed: Mapping[str, str]) -> Iterator[tuple[str, dict]]:
    """What is posted, one field wrong at a time and all at once; the fields of a formset's rows by the first row."""
    for field in typed:
        for kind in WORST:
            yield f"{field} = {kind}", {field: HOSTILE[kind]}
    for kind, value in HOSTILE.items():
        yield (
            f"all = {kind}",
            {field: value for field in typed if not field.startswith(("action", "add_row"))},
        )


@contextmanager
def undone():
    """What happens inside is undone, so that the next form meets the same world."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


@pytest.mark.parametrize("part", range(PARTS))
def test_nothing_typed_breaks_or_is_lost(world, part):
    for name in NAMES[part::PARTS]:
        with undone():
            check_form(world, name)


def check_form(world, name: str) -> None:
    _, url, user, typed = next(form for form in forms(world) if form[0] == name)
    client = client_of(user)
    for what, wrong in posts(typed):
        response = client.post(url, {**typed, **wrong})
        assert response.status_code < 500, f"{name}: {what}: {response.status_code}"
        if (
            response.status_code != 200 or name == "autosave"
        ):  # autosave answers with the state, not with the form
            continue
        for field, value in wrong.items():
            if isinstance(value, str) and not NOT_TYPED.fullmatch(field):
                assert shows(response, value), f"{name}: {what}: {field} is lost"


def test_every_form_is_in_the_list(world):
    assert tuple(form[0] for form in forms(world)) == NAMES
