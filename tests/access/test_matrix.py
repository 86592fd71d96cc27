"""Every URL of the portal x method x role x {own and foreign, missing, garbage}, walked from the URL configuration.

A URL that stands in no table here fails `test_every_url_is_classified`: whoever adds one says first who may see it.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import quote

import pytest
from django.apps import apps
from django.contrib import admin
from django.db import connection
from django.urls import get_resolver, reverse

from ledger.models import FundChange
from tests.access.headers import SecureClient, check_headers
from tests.access.world import (
    ACCOUNT,
    FOR_OFFICIALS,
    IDENTITY,
    MEMBERS,
    OFFICIALS,
    ROLES,
    SECRETS,
    UNFILED,
    client_of,
    person,
)

# Row-level security would hide a view that forgot its filter; that wall has tests of its own (test_row_security.py).
pytestmark = pytest.mark.usefixtures("plain_templates", "as_deployed", "views_alone")

# Who may see what. PUBLIC: everybody. SIGNED_IN: everybody with an account, each their own rows only.
# NEITHER: a page of allauth that sends people on, depending on whether they are signed in.
PUBLIC, SIGNED_IN, NEITHER = "public", "signed in", "neither"
# The interface for programs: everybody, or whoever sends a token; a session opens nothing there.
PROGRAMS, TOKEN = "programs", "token"
# Rows of one organisation: its members, nobody else; `+ filed` also officials, once it was filed.
ENTERPRISE, INSTITUTION = "enterprise", "institution"
# Rows of one person, who is none of the roles asked here.
NOBODY_ELSES = "somebody's own"
# The same, behind the password again: who has not typed it is not told whether there is such a row.
PASSWORD_FIRST = "somebody's own, behind the password"
OFFSHORE_CASE, TRAINING_CASE, ANY_CASE = "offshore case", "training case", "any case"

PAGES = {
    "home": PUBLIC,
    "public:guide": PUBLIC,
    "public:questions": PUBLIC,
    "public:accessibility": PUBLIC,
    "public:privacy": PUBLIC,
    "public:contact": PUBLIC,
    "public:check_offshore": PUBLIC,
    "public:check_training": PUBLIC,
    "public:organisations": PUBLIC,
    "public:organisations_csv": PUBLIC,
    "public:awards": PUBLIC,
    "public:awards_csv": PUBLIC,
    "public:statistics": PUBLIC,
    "public:statistics_csv": PUBLIC,
    "public:statistics_xlsx": PUBLIC,
    "public:open_data": PUBLIC,
    "public:feed": PUBLIC,
    "public:robots": PUBLIC,
    "public:sitemap": PUBLIC,
    "api:openapi-json": PROGRAMS,
    "api:api-root": PROGRAMS,
    "api:estimate_offshore": PROGRAMS,
    "api:estimate_training": PROGRAMS,
    "api:organisations": PROGRAMS,
    "api:awards": PROGRAMS,
    "api:notices": PROGRAMS,
    "api:letter": PROGRAMS,
    "api:statistics": PROGRAMS,
    "api:own_claims": TOKEN,
    "api:own_claim": TOKEN,
    "api_tokens": ENTERPRISE,
    "api_token_revoke": ENTERPRISE,
    "healthz": PUBLIC,
    "live": PUBLIC,
    "ready": PUBLIC,
    "metrics": PUBLIC,
    "session_state": PUBLIC,
    "display_settings": PUBLIC,
    "set_language": PUBLIC,
    "account_login": NEITHER,
    "account_logout": NEITHER,
    "account_inactive": PUBLIC,
    "account_signup": NEITHER,
    "account_reauthenticate": NEITHER,
    "account_email": SIGNED_IN,
    "account_email_verification_sent": PUBLIC,
    "account_change_password": SIGNED_IN,
    "account_set_password": SIGNED_IN,
    "account_reset_password": PUBLIC,
    "account_confirm_login_code": NEITHER,
    "account_confirm_email": PUBLIC,
    "account_reset_password_from_key_done": PUBLIC,
    "account_reset_password_from_key": PUBLIC,
    "account_reset_password_done": PUBLIC,
    "second_factor": SIGNED_IN,
    "waiting_step": SIGNED_IN,
    "usersessions_list": SIGNED_IN,
    "session_end": NOBODY_ELSES,
    "socialaccount_connections": SIGNED_IN,
    "socialaccount_signup": NEITHER,
    "socialaccount_login_cancelled": PUBLIC,
    "socialaccount_login_error": PUBLIC,
    "openid_connect_login": PUBLIC,
    "openid_connect_callback": PUBLIC,
    "mfa_index": SIGNED_IN,
    "mfa_list_webauthn": SIGNED_IN,
    "mfa_add_webauthn": SIGNED_IN,
    "mfa_remove_webauthn": PASSWORD_FIRST,
    "mfa_edit_webauthn": PASSWORD_FIRST,
    "mfa_reauthenticate_webauthn": NEITHER,
    "mfa_authenticate": NEITHER,
    "mfa_reauthenticate": NEITHER,
    "mfa_activate_totp": SIGNED_IN,
    "mfa_deactivate_totp": SIGNED_IN,
    "mfa_view_recovery_codes": SIGNED_IN,
    "mfa_generate_recovery_codes": SIGNED_IN,
    "mfa_download_recovery_codes": SIGNED_IN,
    "dashboard": SIGNED_IN,
    "organisations": SIGNED_IN,
    "organisation_new": SIGNED_IN,
    "organisation": ENTERPRISE,
    "organisation_people": ENTERPRISE,
    "organisation_invite": ENTERPRISE,
    "organisation_leave": ENTERPRISE,
    "organisation_handover": ENTERPRISE,
    "member_role": ENTERPRISE,
    "member_remove": ENTERPRISE,
    "handover_accept": ENTERPRISE,
    "handover_close": ENTERPRISE,
    "invitation_withdraw": ENTERPRISE,
    "invitation": PUBLIC,
    "casework:case": ANY_CASE,
    "casework:calculation": ANY_CASE,
    "casework:withdraw": ANY_CASE,
    "casework:print": ANY_CASE,
    "casework:print_pdf": ANY_CASE,
    "casework:submission": ANY_CASE,
    "notices:notices": PUBLIC,
    "notices:notice": PUBLIC,
    "notices:notice_pdf": PUBLIC,
    "notices:object": PUBLIC,
    "notices:answer": PUBLIC,
    "notices:letters": PUBLIC,
    "notices:letter": PUBLIC,
    "notices:statement": ENTERPRISE,
    "notices:letter_pdf": ENTERPRISE,
    "notices:appeal": ANY_CASE,
    "workbooks:jobs": SIGNED_IN,
    "workbooks:upload": SIGNED_IN,
    "workbooks:template": SIGNED_IN,
    "workbooks:export": SIGNED_IN,
    "workbooks:job": ENTERPRISE,
    "workbooks:progress": ENTERPRISE,
    "workbooks:confirm": ENTERPRISE,
    "workbooks:cancel": ENTERPRISE,
    "workbooks:corrected": ENTERPRISE,
    "messaging:inbox": SIGNED_IN,
    "messaging:read_all": SIGNED_IN,
    "messaging:preferences": SIGNED_IN,
    "messaging:open": NOBODY_ELSES,
    "messaging:unread": NOBODY_ELSES,
    "documents:case": ANY_CASE,
    "documents:papers": ENTERPRISE,
    "documents:file": ENTERPRISE,
    "documents:download": ENTERPRISE,
    "documents:page": ENTERPRISE,
    "documents:remove": ENTERPRISE,
    "payments:accounts": SIGNED_IN,
    "payments:account": ENTERPRISE,
    "payments:account_confirm": ENTERPRISE,
    "payments:account_withdraw": ENTERPRISE,
    "payments:case_accounts": ANY_CASE,
    "payments:account_new": ANY_CASE,
    "payments:after": ANY_CASE,
    "payments:check_reply": ENTERPRISE,
    "offshore:contracts": SIGNED_IN,
    "offshore:contract_new": SIGNED_IN,
    "offshore:contract": ENTERPRISE,
    "offshore:follow_ups": SIGNED_IN,
    "offshore:year": ENTERPRISE,
    "offshore:returns": SIGNED_IN,
    "offshore:return_new": SIGNED_IN,
    "offshore:return": ENTERPRISE,
    "offshore:return_file": ENTERPRISE,
    "offshore:claim_new": SIGNED_IN,
    "offshore:claim": OFFSHORE_CASE,
    "offshore:autosave": OFFSHORE_CASE,
    "offshore:discard": OFFSHORE_CASE,
    "offshore:submit": OFFSHORE_CASE,
    "training:classes": SIGNED_IN,
    "training:class_new": SIGNED_IN,
    "training:class": INSTITUTION,
    "training:class_edit": INSTITUTION,
    "training:enrol": INSTITUTION,
    "training:trainees": SIGNED_IN,
    "training:trainee_new": SIGNED_IN,
    "training:trainee": INSTITUTION,
    "training:trainee_edit": INSTITUTION,
    "training:trainee_enrol": INSTITUTION,
    "training:trainee_reveal": INSTITUTION,
    "training:trainee_data": INSTITUTION,
    "training:trainee_export": INSTITUTION,
    "training:trainee_erase": INSTITUTION,
    "training:employer": SIGNED_IN,
    "training:enrolment": INSTITUTION,
    "training:claim_new": SIGNED_IN,
    "training:claim": TRAINING_CASE,
    "training:choose_eligible": TRAINING_CASE,
    "training:submit": TRAINING_CASE,
}
# The officials' desk: every official role looks at the registers (True), or only superusers (SUPERUSER).
SUPERUSER = ("superuser",)
REVIEWERS = ("initial", "final", "superuser")
POLICY_EDITORS = ("policy", "superuser")
BATCH_STEPS = ("submit", "cancel", "release", "back", "file", "sent", "result")
ANSWER_STEPS = ("answer", "confirm", "withdraw")
RETURN_STEPS = ("accept", "ask_back")
ACCOUNT_STEPS = ("confirm", "verify", "refuse", "reveal")
AFTER_STEPS = {
    "spotcheck": ("find", "conclude", "order", "debar"),
    "recoveryorder": ("confirm", "decline", "repayment", "received"),
    "debarment": ("confirm", "decline"),
    "personfile": ("propose", "decide", "back"),
}
DESK = {
    "admin:registers": OFFICIALS,
    "admin:overview": OFFICIALS,
    "admin:statistics": OFFICIALS,
    "admin:statistics_csv": OFFICIALS,
    "admin:operations": ("auditor", "superuser"),
    "admin:operations_retry": SUPERUSER,
    "admin:index": OFFICIALS,
    "admin:password_change": OFFICIALS,
    "admin:password_change_done": OFFICIALS,
    "admin:autocomplete": OFFICIALS,
    "admin:jsi18n": OFFICIALS,
    "admin:view_on_site": OFFICIALS,
    "admin:app_list": OFFICIALS,
    "admin:catch_all": OFFICIALS,
    "admin:casework_case_pass": OFFICIALS,
    "admin:accounts_ownerappointment_new": REVIEWERS,
    # POST only; the service asks for a reviewer who did not propose it.
    "admin:accounts_ownerappointment_confirm": OFFICIALS,
    "admin:accounts_ownerappointment_turn_down": OFFICIALS,
    **{f"admin:accounts_factorreset_{step}": SUPERUSER for step in ("new", "confirm", "turn_down")},
    "admin:casework_case_decide": OFFICIALS,
    "admin:casework_case_recalculate": OFFICIALS,
    "admin:casework_case_next": OFFICIALS,
    "admin:casework_case_save_view": OFFICIALS,
    "admin:casework_case_delete_view": OFFICIALS,
    "admin:casework_case_lines": OFFICIALS,
    "admin:casework_case_assign": OFFICIALS,
    "admin:casework_case_conflict": OFFICIALS,
    "admin:casework_delegation_new": OFFICIALS,
    "admin:casework_delegation_approve": OFFICIALS,
    "admin:casework_delegation_end": OFFICIALS,
    "admin:casework_conflict_lift": OFFICIALS,
    "admin:casework_recalculation_new": ("final", "policy", "superuser"),
    # POST only; the service asks for another person than who proposed it.
    "admin:casework_recalculation_decide": OFFICIALS,
    "admin:casework_reopening_propose": OFFICIALS,
    "admin:casework_reopening_settle": OFFICIALS,
    "admin:notices_notice_make": OFFICIALS,
    "admin:notices_notice_publish": OFFICIALS,
    "admin:notices_notice_withdraw": OFFICIALS,
    "admin:notices_objection_paper": OFFICIALS,
    "admin:notices_letter_redraw": OFFICIALS,
    "admin:notices_objection_examine": OFFICIALS,
    "admin:notices_objection_answer": OFFICIALS,
    "admin:policy_policyversion_import": POLICY_EDITORS,
    "admin:policy_policyversion_copy": POLICY_EDITORS,
    **{f"admin:policy_policyversion_{verb}": OFFICIALS for verb in ("compare", "export")},
    # POST only; the service asks for the editor's role.
    **{
        f"admin:policy_policyversion_{verb}": OFFICIALS
        for verb in ("save", "submit", "return", "discard", "publish")
    },
    **{f"admin:payments_batch_{step}": OFFICIALS for step in BATCH_STEPS},
    **{f"admin:payments_{page}": OFFICIALS for page in ("batch_payable", "batch_preview", "batch_make")},
    **{f"admin:payments_{model}_{step}": OFFICIALS for model, steps in AFTER_STEPS.items() for step in steps},
    **{f"admin:applications_businessreturn_{step}": OFFICIALS for step in RETURN_STEPS},
    "admin:applications_businessreturn_reporters": OFFICIALS,
    "admin:payments_spotcheck_begin": OFFICIALS,
    "admin:payments_sampledraw_draw": OFFICIALS,
    "admin:payments_batch_holds": OFFICIALS,
    "admin:payments_batch_lift": OFFICIALS,
    "admin:payments_batch_out": OFFICIALS,
    **{f"admin:payments_payment_{step}": OFFICIALS for step in ANSWER_STEPS},
    **{f"admin:payments_payeeaccount_{step}": OFFICIALS for step in ACCOUNT_STEPS},
    "admin:simulations_simulation_new": POLICY_EDITORS,
    **{f"admin:simulations_simulation_{name}": OFFICIALS for name in ("progress", "workbook")},
    # POST only; the service asks for a policy editor.
    **{f"admin:simulations_simulation_{name}": OFFICIALS for name in ("stop", "resume")},
    "admin:ledger_fund_propose": ("finance", "policy", "superuser"),
    "admin:ledger_fund_decide": ("finance", "policy", "superuser"),
    "admin:auth_user_password_change": SUPERUSER,
    "admin:login": PUBLIC,
    "admin:logout": PUBLIC,
}
# Each register of the desk: who looks, who may add, who may change. Nobody deletes.
REGISTERS = {
    "audit_record": (OFFICIALS, (), ()),
    "audit_seal": (OFFICIALS, (), ()),
    "audit_stream": (OFFICIALS, (), ()),
    "accounts_user": (SUPERUSER, SUPERUSER, SUPERUSER),
    "accounts_organisation": (OFFICIALS, (), ()),
    "accounts_accreditation": (OFFICIALS, REVIEWERS, REVIEWERS),
    "accounts_ownerappointment": (OFFICIALS, (), ()),
    "accounts_factorreset": (("auditor", "superuser"), (), ()),
    "policy_policyversion": (OFFICIALS, (), ()),
    "policy_workdayoverride": (OFFICIALS, ("policy", "superuser"), ("policy", "superuser")),
    "ledger_balance": (OFFICIALS, (), ()),
    "ledger_entry": (OFFICIALS, (), ()),
    **{f"payments_{model}": (OFFICIALS, (), ()) for model in (*AFTER_STEPS, "sampledraw")},
    "payments_batch": (OFFICIALS, (), ()),
    "payments_payment": (OFFICIALS, (), ()),
    "payments_payeeaccount": (OFFICIALS, (), ()),
    "ledger_fund": (OFFICIALS, (), ()),
    "simulations_simulation": (OFFICIALS, (), ()),
    "casework_recalculation": (OFFICIALS, (), ()),
    "ledger_fundchange": (OFFICIALS, (), ()),
    "ledger_reconcilerun": (OFFICIALS, (), ()),
    "ledger_reservation": (OFFICIALS, (), ()),
    "recomputations_recomputation": (OFFICIALS, ("policy", "auditor", "superuser"), ()),
    "casework_case": (OFFICIALS, (), ()),
    "casework_transition": (OFFICIALS, (), ()),
    "casework_submission": (OFFICIALS, (), ()),
    "casework_calculationrun": (OFFICIALS, (), ()),
    "casework_assessment": (OFFICIALS, (), ()),
    "casework_review": (OFFICIALS, (), ()),
    "casework_award": (OFFICIALS, (), ()),
    "casework_remark": (OFFICIALS, (), ()),
    "casework_caseevent": (OFFICIALS, (), ()),
    "messaging_mail": (OFFICIALS, (), ()),
    "casework_linedecision": (OFFICIALS, (), ()),
    "casework_assignment": (OFFICIALS, (), ()),
    "casework_filedreference": (OFFICIALS, (), ()),
    "casework_delegation": (OFFICIALS, (), ()),
    "casework_conflict": (OFFICIALS, (), ()),
    "casework_reopening": (OFFICIALS, (), ()),
    "notices_notice": (OFFICIALS, (), ()),
    "notices_objection": (OFFICIALS, (), ()),
    "notices_letter": (OFFICIALS, (), ()),
    "workbooks_importjob": (OFFICIALS, (), ()),
    "workbooks_sourcerow": (OFFICIALS, (), ()),
    "training_trainingclass": (OFFICIALS, (), ()),
    "training_trainee": (OFFICIALS, (), ()),
    "training_enrolment": (OFFICIALS, (), ()),
    "training_certificate": (OFFICIALS, (), ()),
    "training_employer": (OFFICIALS, (), ()),
    "training_labourcontract": (OFFICIALS, (), ()),
    "applications_exchangerate": (OFFICIALS, ("finance", "policy", "superuser"), ()),
    "applications_contract": (OFFICIALS, (), ()),
    "applications_offshoreclaim": (OFFICIALS, (), ()),
    "applications_receipt": (OFFICIALS, (), ()),
    "applications_businessreturn": (OFFICIALS, (), ()),
}
VERBS = ("changelist", "add", "history", "delete", "change")
# Actions on rows that were ticked in a register: who may take them. Django's own deletion is nobody's.
ACTIONS = {
    ("casework_case", "pass_selected"): ("initial", "final", "superuser"),
    ("accounts_user", "delete_selected"): (),
    ("casework_case", "delete_selected"): (),
}
# What stands in a URL beside the rows of the world.
FIXED = {
    "account_confirm_email": {"key": "MQ:1abc:def"},
    "account_reset_password_from_key": {"uidb36": "1", "key": "set-password"},
    "invitation": {"token": "nothing"},
    "openid_connect_login": {"provider_id": "nothing"},
    "openid_connect_callback": {"provider_id": "nothing"},
    "public:guide": {"name": "students"},
    "api:letter": {"code": "0000111122223333"},
    "api:own_claim": {"number": "OS-2015-999999"},
    "workbooks:upload": {"kind": "offshore"},
    "workbooks:template": {"kind": "offshore"},
    "workbooks:export": {"kind": "offshore"},
    "admin:view_on_site": {"content_type_id": "1", "object_id": "1"},
    "admin:app_list": {"app_label": "training"},
    "admin:catch_all": {"url": "nothing"},
}
MISSING = {"pk": 987654321, "id": "987654321", "object_id": "987654321", "number": "OS-2015-999999"}
MISSING["code"] = "0" * 16
MISSING["subject"] = "contract-987654321"
GARBAGE = {
    "pk": 10**30,
    "id": "1' OR 1=1",
    "object_id": "../../etc/passwd\x00" + "9" * 60,
    "subject": "class-1'\x00../" + "9" * 40,
    "code": "\x00'\"<script>",
    "number": "\x00'\"<script>\U0001f4b0" + "１" * 40,
}


def patterns(
    resolver=None, namespace: str = "", before: tuple[str, ...] = ()
) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Name and parameters of every URL; the admin's own nameless ones by what they do."""
    for pattern in (resolver or get_resolver()).url_patterns:
        if hasattr(pattern, "url_patterns"):
            inner = f"{namespace}{pattern.namespace}:" if pattern.namespace else namespace
            yield from patterns(pattern, inner, (*before, *pattern.pattern.regex.groupindex))
            continue
        parameters = (*before, *pattern.pattern.regex.groupindex)
        name = pattern.name or {("url",): "catch_all", ("object_id",): "old_change"}[parameters]
        yield namespace + name, parameters


def register_of(name: str) -> tuple[str, str] | None:
    """("casework_case", "change") of `admin:casework_case_change` when the register is in the table."""
    model, _, verb = name.removeprefix("admin:").rpartition("_")
    return (model, verb) if name.startswith("admin:") and model in REGISTERS and verb in VERBS else None


@dataclass(frozen=True)
class Target:
    """One address to ask for, and whose row it is: an organisation's kind, or "" for nobody's."""

    name: str
    url: str
    owner: str = ""
    filed: bool = False
    garbage: bool = False


def test_every_url_is_classified():
    found = {name for name, _ in patterns()}
    known = {name for name in found if name in PAGES or name in DESK or register_of(name)}
    assert found - known == {"admin:old_change"}, "say in a table of this file who may see these"
    stale = (set(PAGES) | set(DESK)) - found
    assert not stale, "these are in a table here and nowhere else"


def targets(world) -> Iterator[Target]:
    """Every address: rows of the world, rows that are not there, garbage."""
    cases = {OFFSHORE_CASE: world.offshore, TRAINING_CASE: world.training}
    cases[ANY_CASE] = [*world.offshore, *world.training]
    rows = {
        "organisation": world.enterprise,
        "messaging:open": world.message,
        "session_end": world.session,
        "mfa_remove_webauthn": world.key,
        "mfa_edit_webauthn": world.key,
        "messaging:unread": world.message,
        "organisation_people": world.enterprise,
        "api_tokens": world.enterprise,
        "api_token_revoke": world.token,
        "organisation_invite": world.enterprise,
        "organisation_leave": world.enterprise,
        "organisation_handover": world.enterprise,
        "member_role": world.member,
        "member_remove": world.member,
        "handover_accept": world.handover,
        "handover_close": world.handover,
        "invitation_withdraw": world.invitation,
        "notices:statement": world.objection,
        "notices:object": world.objection.entry,
        "offshore:contract": world.contract,
        "offshore:year": world.enterprise,
        **{f"offshore:return{step}": world.business_return for step in ("", "_file")},
        **{f"admin:applications_businessreturn_{step}": world.business_return for step in RETURN_STEPS},
        **{f"workbooks:{name}": world.job for name in ("job", "progress", "confirm", "cancel", "corrected")},
        **{f"documents:{name}": world.document for name in ("file", "download", "page", "remove")},
        "payments:check_reply": world.check,
        **{
            f"admin:payments_{model}_{step}": world.after[model]
            for model, steps in AFTER_STEPS.items()
            for step in steps
        },
        **{f"payments:account{step}": world.account for step in ("", "_confirm", "_withdraw")},
        **{f"admin:payments_batch_{step}": world.batch for step in BATCH_STEPS},
        "admin:payments_batch_out": world.batch.payments.get(),
        "admin:payments_batch_lift": world.hold,
        **{f"admin:payments_payment_{step}": world.batch.payments.get() for step in ANSWER_STEPS},
        **{f"admin:payments_payeeaccount_{step}": world.account for step in ACCOUNT_STEPS},
        "training:class": world.training_class,
        "training:class_edit": world.training_class,
        "training:enrol": world.training_class,
        "training:trainee": world.trainee,
        "training:trainee_edit": world.trainee,
        "training:trainee_enrol": world.trainee,
        "training:trainee_reveal": world.trainee,
        "training:trainee_data": world.trainee,
        "training:trainee_export": world.trainee,
        "training:trainee_erase": world.trainee,
        "training:enrolment": world.enrolment,
    }
    named = {
        "notices:notice": world.notice.number,
        "notices:notice_pdf": world.notice.number,
        "notices:letter": world.letter.code,
        "notices:letter_pdf": world.letter.number,
    }
    desk_rows = {
        "admin:casework_reopening_propose": world.approved,
        "admin:casework_reopening_settle": world.reopening,
        "admin:notices_notice_publish": world.notice,
        "admin:notices_notice_withdraw": world.notice,
        "admin:notices_objection_paper": world.objection.entry,
        "admin:notices_letter_redraw": world.letter,
        "admin:notices_objection_examine": world.objection,
        "admin:notices_objection_answer": world.objection,
    }
    for name, parameters in patterns():
        if name == "admin:old_change":
            continue
        if not parameters or name in FIXED:
            yield Target(
                name, reverse(name.replace("catch_all", "index")) if name not in FIXED else _fixed(name)
            )
            continue
        (parameter,) = parameters
        found = register_of(name)
        if not found or found[1] == "change":
            yield Target(name, reverse(name, kwargs={parameter: MISSING[parameter]}))
            url = reverse(name, kwargs={parameter: "contract-77077" if parameter == "subject" else 77077})
            url = url.replace("contract-77077", "77077")
            yield Target(name, url.replace("77077", quote(str(GARBAGE[parameter]))), garbage=True)
        kind = PAGES.get(name)
        if kind in cases:
            for case in cases[kind]:
                owner = ENTERPRISE if case in world.offshore else INSTITUTION
                # Officials look at filed papers one by one; the list of uploads is the applicant's.
                filed = case.submitted_at is not None and name != "documents:case"
                yield Target(name, reverse(name, args=[case.number]), owner, filed)
        elif name == "documents:papers":
            yield Target(name, reverse(name, args=[f"contract-{world.contract.pk}"]), ENTERPRISE)
        elif name in named:
            yield Target(name, reverse(name, args=[named[name]]), PAGES[name], name == "notices:letter_pdf")
        elif name in desk_rows:
            yield Target(name, reverse(name, args=[desk_rows[name].pk]), "desk")
        elif name in rows:
            yield Target(name, reverse(name, args=[rows[name].pk]), PAGES.get(name, "desk"))
        elif found:
            model = apps.get_model(*found[0].split("_"))
            yield Target(name, reverse(name, args=[model.objects.order_by("pk").first().pk]), "desk")
        elif name in world.desk:
            yield Target(name, reverse(name, args=[world.desk[name].pk]), "desk")
        elif name == "admin:auth_user_password_change":
            yield Target(name, reverse(name, args=[world.clerk.pk]), "desk")
        elif name.startswith("admin:policy_policyversion_"):
            draft = apps.get_model("policy", "PolicyVersion").objects.filter(status="draft").first()
            yield Target(name, reverse(name, args=[draft.pk]), "desk")
        elif name.startswith(("admin:simulations_simulation_", "admin:casework_recalculation_")):
            model = apps.get_model(*name.removeprefix("admin:").split("_")[:2])
            yield Target(name, reverse(name, args=[model.objects.first().pk]), "desk")
        elif name == "admin:ledger_fund_decide":
            yield Target(name, reverse(name, args=[FundChange.objects.first().pk]), "desk")
        else:
            assert name.startswith("admin:casework_case_"), f"no row for {name}"
            yield Target(name, reverse(name, args=[world.offshore[1].pk]), "desk")


def one_of_each(world) -> list[Target]:
    """One address of every URL, of a row that is there where one is needed."""
    return list({target.name: target for target in targets(world)}.values())


def _fixed(name: str) -> str:
    return "/admin/nothing" if name == "admin:catch_all" else reverse(name, kwargs=FIXED[name])


def allowed(target: Target, role: str, method: str) -> set[int]:
    """The statuses that the answer may have."""
    name = target.name
    if name in DESK or register_of(name):
        return _allowed_on_desk(target, role, method)
    kind = PAGES[name]
    if name in ("socialaccount_login_error", "openid_connect_callback"):
        return {200, 302, 401, 404, 405}  # what the provider answers was not asked for
    if kind in (PUBLIC, NEITHER):
        return {200, 302, 404, 405}
    if kind == PROGRAMS:
        return {200, 404, 422} if method == "get" else {405}
    if kind == TOKEN:
        return {401} if method == "get" else {405}
    if role == "visitor":
        # The method, or what is no number at all, may be refused first: that tells nothing.
        return {302, 405} if target.owner or kind == SIGNED_IN else {302, 404, 405}
    if kind == PASSWORD_FIRST:
        return {302, 404, 405}
    if kind == SIGNED_IN:
        return {200, 302, 403, 405} if name == "training:employer" else {200, 302, 404, 405}
    if role in MEMBERS.get(target.owner, ()):
        return {200, 302, 405, 409, 422}
    if role in OFFICIALS and target.filed:
        return {200, 302, 405, 409, 422}
    return {404, 405}


def _allowed_on_desk(target: Target, role: str, method: str) -> set[int]:
    if DESK.get(target.name) == PUBLIC:
        return {200, 302, 403, 405}
    if role not in OFFICIALS:
        return {302}  # to the way in
    if target.name in DESK:
        if role not in DESK[target.name]:
            # What is only posted may refuse the method first: that tells nothing.
            return {403} if method == "post" else {403, 405}
        return {200, 302, 403, 404, 405, 409, 422}  # an empty form is sent back, or asks for what was shown
    model, verb = register_of(target.name)
    view, add, change = REGISTERS[model]
    if verb == "delete":
        return {302, 403, 404}
    if role not in view or (verb == "add" and role not in add):
        return {302, 403, 404}
    if verb in ("add", "changelist"):
        return {200, 302, 403} if method == "post" else {200}
    if method == "post" and verb == "change" and role not in change:
        return {200, 302, 403, 404} if model == "casework_case" else {302, 403, 404}
    return {200, 302, 403, 404} if target.owner else {302, 404}


def fingerprint() -> dict[str, str]:
    """Every table's rows as one hash, but for what a visit may touch."""
    skipped = ("django_session", "accounts_user", "account_emailaddress")
    with connection.cursor() as cursor:
        tables = [t for t in connection.introspection.table_names(cursor) if t not in skipped]
        found = {}
        for table in tables:
            cursor.execute(f'SELECT md5(string_agg(t::text, chr(10) ORDER BY t::text)) FROM "{table}" t')
            found[table] = cursor.fetchone()[0]
    return found


#: After these a member has nothing more to see.
LAST_POSTS = ("offshore:discard", "organisation_leave")
#: What these see of histories and deletions stands for every role with the same rights.
FEW = ("nobody", "initial", "superuser")
#: Who asks for rows that no row's number could be: a visitor, a member, and who gets furthest.
ASK_GARBAGE = ("visitor", "enterprise_clerk", *FEW)
#: Roles whose requests change nothing at all, whatever they ask and post.
POWERLESS = ("visitor", "nobody", "enterprise_reader", "institution_reader", "other_enterprise", "staff") + (
    "finance",
    "policy",
    "auditor",
)
# Data for a script (application/json) runs nothing.
SCRIPT = re.compile(rb"<script(?![^>]*( src=|application json))[^>]*>")
HANDLER = re.compile(rb" on[a-z]+=")
SEPARATORS = bytes.maketrans(b"\t\n\r\f/\"'", b" " * 7)


def inline(body: bytes) -> str:
    """What stands inline in a page, script, style or handler; "" when nothing does.

    Patterns that begin with fixed letters: one for everything took 10 ms for each page, half of this file's time.
    """
    plain = body.lower().translate(SEPARATORS)
    for words in (b" style=", b"<style", b"javascript:"):
        if words in plain:
            return words.decode()
    found = HANDLER.search(plain) or SCRIPT.search(plain)
    return found[0].decode() if found else ""


@pytest.mark.parametrize(
    "markup",
    [
        b"<p style='x'>", b"<STYLE>a{}", b"<p\nONCLICK=\"x\">", b'<a href="x"onload=1>', b"<svg/onload=1>",
        b"<script>1", b"<script nonce=x>1", b"<a href='javascript:x'>",
    ],
)  # fmt: skip
def test_what_stands_inline_is_found(markup):
    assert inline(b"<main>" + markup + b"</main>")
    assert not inline(b'<script src="x"></script><script type="application/json">{}</script>')


#: What anybody may keep for a while: nothing personal is in it.
KEPT = {
    "public:statistics_csv",
    "public:feed",
    "public:organisations_csv",
    "public:awards_csv",
    "public:robots",
    "public:sitemap",
} | {name for name, kind in PAGES.items() if kind in (PROGRAMS, TOKEN)}


#: What gives out files, not pages: tests/access/test_exports.py looks into each of them.
FILES = {
    "public:organisations_csv",
    "public:awards_csv",
    "public:statistics_csv",
    "public:statistics_xlsx",
    "public:feed",
    "public:sitemap",
    "casework:print_pdf",
    "notices:notice_pdf",
    "notices:letter_pdf",
    "workbooks:template",
    "workbooks:export",
    "workbooks:corrected",
    "documents:download",
    "documents:page",
    "training:trainee_export",
    "mfa_download_recovery_codes",
    "admin:statistics_csv",
    "admin:policy_policyversion_export",
    "admin:payments_batch_file",
    "admin:simulations_simulation_workbook",
}
#: Answers to programs and scripts.
ANSWERS = {"healthz", "live", "ready", "metrics", "public:robots", "admin:jsi18n", "admin:autocomplete"} | {
    "session_state", "workbooks:progress", "offshore:autosave", "admin:simulations_simulation_progress",
}  # fmt: skip


def check_answer(response, target: Target, role: str, method: str) -> None:
    where = f"{method} {target.url} ({target.name}) as {role}"
    assert response.status_code in allowed(target, role, method), f"{where}: {response.status_code}"
    check_headers(response, where)
    # Without a year that may be published, the statistics' file is the page that says so.
    page_instead = target.name == "public:statistics_csv" and response["Content-Type"].startswith("text/html")
    if target.name in KEPT and not page_instead:
        assert response["Cache-Control"].startswith("public") or response.status_code != 200, where
    elif target.name != "admin:jsi18n":
        assert "no-store" in response["Cache-Control"] and "private" in response["Cache-Control"], where
    body = b"" if response.streaming else response.content
    if response["Content-Type"].startswith("text/html"):
        assert not (found := inline(body)), f"{where}: {found}"
    elif response.status_code == 200:
        programs = PAGES.get(target.name) in (PROGRAMS, TOKEN)
        assert programs or target.name in FILES | ANSWERS, f"{where}: say in FILES that this gives out a file"
    text = body.decode(errors="replace") + response.headers.get("Location", "")
    words = [IDENTITY, ACCOUNT]
    for kind, secret in SECRETS.items():
        if role not in (*MEMBERS[kind], *OFFICIALS):
            words += secret
    if role not in OFFICIALS:
        words += FOR_OFFICIALS
    if role not in MEMBERS[ENTERPRISE]:
        words += UNFILED
    for word in words:
        assert word not in text, f"{where}: shows {word!r}"


@pytest.mark.parametrize("role", ROLES)
def test_every_url_for_every_role(world, role):
    user = person(world, role)
    client = client_of(user, SecureClient)
    before = fingerprint()
    for target in list(targets(world)):
        if target.name in ("account_logout", "admin:logout"):
            continue
        if role not in FEW and target.name.endswith(("_history", "_delete")):
            continue
        if role not in ASK_GARBAGE and target.garbage:
            continue
        for method in ("get", "post"):
            if method == "post" and target.name in LAST_POSTS and role in MEMBERS[ENTERPRISE]:
                continue
            # Whoever is sent on is sent on within the portal, whatever the address or the form asks for.
            leads = method == "post" or ":" not in target.name  # pages of the rooms know their parameters
            data = {"next": "//evil.example/"} if leads else {}
            check_answer(getattr(client, method)(target.url, data), target, role, method)
    if role in POWERLESS:
        after = fingerprint()
        changed = {table for table in before if before[table] != after[table]}
        assert not changed, f"{role} changed {changed}"


def test_other_methods_do_nothing(world):
    client = client_of(person(world, "superuser"), SecureClient)
    before = fingerprint()
    for target in one_of_each(world):
        for method in ("put", "delete", "options", "head"):
            response = getattr(client, method)(target.url)
            assert response.status_code < 500, f"{method} {target.url}: {response.status_code}"
            assert response.status_code != 301, "sent on to TLS: nothing was asked"
    assert fingerprint() == before


def test_every_post_needs_its_token(world):
    people = [person(world, role) for role in ("visitor", "enterprise_clerk", "superuser")]
    before = fingerprint()
    for user in people:
        client = client_of(user, SecureClient, enforce_csrf_checks=True)
        for target in one_of_each(world):
            response = client.post(target.url, {"undertaking": "on"})
            nothing_to_post = PAGES.get(target.name) in (PROGRAMS, TOKEN)
            assert response.status_code == (405 if nothing_to_post else 403), (
                f"{target.url} as {user}: {response.status_code}"
            )
    assert fingerprint() == before


def actions() -> set[tuple[str, str]]:
    """Every action of every register, before Django asks who may."""
    return {
        (f"{model._meta.app_label}_{model._meta.model_name}", name)
        for model, register in admin.site._registry.items()
        if register.actions is not None
        for _function, name, _label in register._get_base_actions()
    }


def test_every_action_is_classified():
    assert actions() == set(ACTIONS), "say in ACTIONS who may take these"


@pytest.mark.parametrize("role", ROLES)
def test_every_action_for_every_role(world, role):
    client = client_of(person(world, role), SecureClient)
    before = fingerprint()
    for (register, name), who in ACTIONS.items():
        model = apps.get_model(*register.split("_"))
        rows = list(model.objects.values_list("pk", flat=True)[:50])
        for more in ({}, {"post": "yes"}, {"confirmed": "on", "confirm": "1"}):
            data = {"action": name, "_selected_action": rows, "index": "0", "select_across": "0"} | more
            response = client.post(reverse(f"admin:{register}_changelist"), data)
            # Whoever may look at the register is shown it again, with a sentence.
            looks = role in REGISTERS[register][0]
            statuses = {200, 302, 403} if looks or role in who else {302, 403}
            assert response.status_code in statuses, f"{name} as {role}: {response.status_code}"
    changed = {table for table, rows in fingerprint().items() if rows != before[table]}
    assert not changed, f"{role} changed {changed}: an action is confirmed on a page of its own first"
