"""Every wall, and the test that must fail when it is not there.

`DATABASE` are walls that PostgreSQL holds: statements that take one away, tried inside the test's own transaction.
`CODE` are lines of the code: in `file`, `old` becomes `new`.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Wall:
    name: str
    test: str
    file: str = ""
    old: str = ""
    new: str = ""
    statement: str = ""


def _held(test: str, *names: str) -> list[Wall]:
    """Constraints, indexes and triggers by name; each is dropped wherever it stands."""
    return [Wall(name, f"tests/{test}", statement=DROP.format(name=name)) for name in names]


#: Drops the constraint, the unique index or our trigger of that name from every table that has it.
DROP = """
DO $wall$ DECLARE found record; dropped int := 0; BEGIN
    FOR found IN SELECT conrelid::regclass AS place, conname FROM pg_constraint
        WHERE conname = '{name}' AND connamespace = 'public'::regnamespace LOOP
        EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I CASCADE', found.place, found.conname);
        dropped := dropped + 1;
    END LOOP;
    FOR found IN SELECT c.oid::regclass AS place FROM pg_class c WHERE c.relkind = 'i' AND c.relname = '{name}'
        AND c.relnamespace = 'public'::regnamespace LOOP
        EXECUTE format('DROP INDEX %s', found.place);
        dropped := dropped + 1;
    END LOOP;
    FOR found IN SELECT tgrelid::regclass AS place, tgname FROM pg_trigger
        WHERE NOT tgisinternal AND tgname ~ '^pgtrigger_{name}_[0-9a-f]+$' LOOP
        EXECUTE format('DROP TRIGGER %I ON %s', found.tgname, found.place);
        dropped := dropped + 1;
    END LOOP;
    IF dropped = 0 THEN RAISE EXCEPTION 'no wall is called {name}'; END IF;
END $wall$
"""
_PRIVACY = "training/test_training_privacy_of_one_person.py::"
_PEOPLE = "accounts/test_people_of_organisations.py::"

DATABASE = [
    *_held("casework/test_transitions.py::test_sql_cannot_leave_the_table", "status_follows_the_table"),
    *_held("casework/test_transitions.py::test_history_is_append_only", "append_only"),
    *_held(
        "casework/test_transitions.py::test_whose_case_it_is_and_of_which_year_never_changes",
        "status_follows_the_table",
    ),
    *_held(
        "casework/test_transitions.py::test_approval_by_sql_needs_two_reviews_of_the_assessment",
        "status_follows_the_table",
    ),
    *_held(
        "casework/test_correction.py::test_a_remark_is_never_rewritten_nor_deleted_and_answered_once",
        "answered_once",
        "only_answered",
    ),
    *_held("casework/test_second_look.py::test_two_people_and_not_who_decided", "reopening_two_people"),
    *_held("desk/test_desk_lines.py::test_the_database_holds_it_too", "line_decision_has_reason"),
    *_held("desk/test_desk_hands.py::test_a_third_person_approves_and_the_term_has_an_end",
           "delegation_approved_by_a_third"),
    *_held("ledger/test_balances.py::test_the_same_award_is_posted_once", "ledger_entry_key_once"),
    *_held("ledger/test_balances.py::test_sql_cannot_go_round_the_ledger", "moved_by_entries_only"),
    *_held("ledger/test_funds.py::test_sql_cannot_go_round_the_fund", "ledger_balance_within_limit", "decided_once",
           "fund_change_four_eyes"),
    *_held("ledger/test_funds.py::test_a_reservation_is_served_whole", "ledger_reservation_whole"),
    *_held("payments/test_payee_accounts.py::test_a_change_is_a_new_row_and_one_at_a_time", "account_is_final"),
    *_held("payments/test_payee_accounts.py::test_a_superuser_is_one_person_too", "account_three_people"),
    *_held("payments/test_four_eyes.py::test_one_person_takes_no_second_step", "batch_four_eyes"),
    *_held("payments/test_after_payment.py::test_the_database_wants_two_people_and_the_term", "check_two_people"),
    *_held("payments/test_person_files.py::test_two_people_decide_which_registration_stands", "person_file_two_people"),
    *_held("notices/test_public_notices.py::test_a_published_notice_never_changes", "published_is_final"),
    *_held("policy/test_publication.py::test_what_is_published_never_changes_by_sql", "published_is_final"),
    *_held("messaging/test_messages.py::test_the_database_keeps_one_message_of_a_step", "message_once_of_transition"),
    *_held("messaging/test_mails.py::test_the_summary_comes_once_a_day_with_what_is_unread", "mail_one_digest_a_day"),
    *_held(_PEOPLE + "test_the_database_keeps_one_open_offer", "handover_one_open"),
    *_held(_PEOPLE + "test_the_database_keeps_one_open_invitation_of_an_address", "invitation_open_once"),
    *_held(_PRIVACY + "test_an_award_stays_and_the_person_is_not_subsidised_again", "award_line_once_per_person"),
    *_held(_PRIVACY + "test_what_was_erased_is_neither_changed_nor_claimed_again", "erased_is_final"),
    *_held(_PRIVACY + "test_the_database_refuses_half_an_erasure", "trainee_erased_is_blank"),
    *_held("applications/test_claim_draft.py::test_the_database_knows_one_bank_reference_once",
           "receipt_bank_reference_once"),
    *_held("audit/test_seals.py::test_the_database_refuses_a_seal_out_of_turn", "seal_follows"),
    *_held("documents/test_scanner.py::test_nothing_goes_back_into_quarantine", "state_moves_forward"),
    *_held("documents/test_uploads.py::test_what_a_file_is_never_changes", "content_is_final"),
    Wall(
        "who is asked to ignore a trigger",
        "tests/operations/test_database_roles.py::test_a_trigger_that_is_asked_to_be_ignored_is_not",
        statement="CREATE OR REPLACE FUNCTION public._pgtrigger_should_ignore(trigger_name NAME) RETURNS BOOLEAN AS $$ "
        "SELECT coalesce(trigger_name = ANY(nullif(current_setting('pgtrigger.ignore', true), '')::text[]), false) "
        "$$ LANGUAGE sql STABLE",
    ),
    Wall(
        "rights on the audit's table",
        "tests/operations/test_database_roles.py::test_an_append_only_table_takes_new_rows_and_nothing_else[audit_record]",
        statement="GRANT UPDATE, DELETE ON audit_record TO portal_app",
    ),
    Wall(
        "rights on the table of steps",
        "tests/operations/test_database_roles.py::test_the_walls_around_it",
        statement="GRANT ALL ON casework_edge TO portal_app",
    ),
    *(
        Wall(
            f"row-level security: {name}",
            f"tests/access/test_row_security.py::{test}",
            statement=statement,
        )
        for name, test, statement in (
            (
                "a page without a filter",
                "test_a_page_without_a_filter_shows_a_person_their_own_rows_an_official_all_a_visitor_none",
                "CREATE POLICY hole ON casework_case TO portal_app USING (true)",
            ),
            (
                "each table",
                "test_each_table_shows_a_person_the_rows_of_their_organisations",
                "CREATE POLICY hole ON applications_receipt TO portal_app USING (true)",
            ),
            (
                "nobody named",
                "test_nobody_named_nothing_shown_and_everything_when_it_was_said",
                "CREATE POLICY hole ON training_trainee TO portal_app USING (true)",
            ),
            (
                "writing",
                "test_nothing_is_written_for_another_organisation",
                "CREATE POLICY hole ON applications_contract TO portal_app USING (true)",
            ),
        )
    ),
]  # fmt: skip

CODE = [
    Wall(
        "personal numbers are masked in logs",
        "tests/operations/test_operations.py::test_what_looks_personal_is_masked_also_in_a_traceback",
        "nanchang_portal/operations/logs.py",
        'return PERSONAL.sub(lambda found: f"[{found.lastgroup}]", text)',
        "return text",
    ),
    Wall(
        "only administrators put work back",
        "tests/operations/test_operations.py::test_auditors_look_and_do_not_touch",
        "nanchang_portal/operations/desk.py",
        "@only(may_retry)",
        "@only(may_look)",
    ),
    Wall(
        "metrics by token",
        "tests/operations/test_operations.py::test_metrics_are_for_who_knows_the_token",
        "nanchang_portal/views.py",
        "if not settings.METRICS_TOKEN or not constant_time_compare(sent, settings.METRICS_TOKEN):",
        "if not settings.METRICS_TOKEN:",
    ),
    Wall(
        "no way back to another host",
        "tests/access/test_doors.py::test_the_way_back_stays_here",
        "nanchang_portal/views.py",
        "if not url_has_allowed_host_and_scheme(target, {request.get_host()}, require_https=request.is_secure()):",
        "if not target:",
    ),
    Wall(
        "no page is kept by the browser",
        "tests/access/test_doors.py::test_nothing_personal_is_kept_by_the_browser",
        "nanchang_portal/settings/base.py",
        '    "nanchang_portal.middleware.NoStoreMiddleware",\n',
        "",
    ),
    Wall(
        "frozen hashes are renewed before they are compared",
        "tests/operations/test_rotation.py::test_a_claim_calculated_before_is_approved_after_and_pays_once",
        "casework/services/calculation.py",
        'renewed(line["person_key"])',
        'line["person_key"]',
    ),
    Wall(
        "an approval sees what its assessment saw",
        "tests/casework/test_races.py",
        "casework/services/decisions.py",
        "except _BasisChanged as error:",
        "except ZeroDivisionError as error:",
    ),
    Wall(
        "stored papers are compared with their hash",
        "tests/documents/test_uploads.py::test_an_altered_file_is_not_given_out_and_is_recorded",
        "documents/storage.py",
        "if digest.hexdigest() != sha256:",
        "if False:",
    ),
    Wall(
        "signatures of seals are checked",
        "tests/audit/test_seals.py",
        "audit/hashing.py",
        "            key.verify(base64.b64decode(self.signature), CONTEXT + self.hash.encode())\n",
        "            pass\n",
    ),
    Wall(
        "cells of exports are inert",
        "tests/reports/test_public_lists.py::test_what_a_spreadsheet_would_calculate_stays_words",
        "reports/csv_files.py",
        '_ACTIVE = ("=", "+",',
        '_ACTIVE = ("+",',
    ),
    Wall(
        "officials see nothing before it is filed",
        "tests/documents/test_uploads.py::test_officials_see_what_was_filed_and_nothing_before",
        "casework/models/case.py",
        "filed = Q(submitted_at__isnull=False)",
        "filed = Q()",
    ),
    Wall(
        "the cache is not the broker",
        "tests/engines/test_deployment.py::test_wrong_settings",
        "nanchang_portal/settings/prod.py",
        'if _server(CACHES["default"]["LOCATION"]) == _server(CELERY_BROKER_URL):',
        "if False:",
    ),
    Wall(
        "the log of requests has no query",
        "tests/access/test_doors.py::test_no_log_keeps_what_was_searched_for",
        "nanchang_portal/access_log.py",
        'environ.get("RAW_URI", "").partition("?")[0]',
        'environ.get("RAW_URI", "")',
    ),
    Wall(
        "only the owner rotates keys",
        "tests/operations/test_rotation.py::test_only_the_owner_of_the_tables_rotates",
        "nanchang_portal/rotation.py",
        "if not owns_tables():",
        "if False:",
    ),
    Wall(
        "tasks are acknowledged late",
        "tests/drills/test_calculation_faults.py::test_the_whole_worker_killed_in_the_middle_of_a_calculation",
        "nanchang_portal/settings/base.py",
        "CELERY_TASK_ACKS_LATE = True\nCELERY_TASK_REJECT_ON_WORKER_LOST = True\n",
        "",
    ),
    Wall(
        "the sweeper sends what the broker lost",
        "tests/drills/test_calculation_faults.py::test_a_broker_that_is_down_or_emptied_loses_nothing",
        "nanchang_portal/settings/base.py",
        '    "casework.sweep": {"task": "casework.sweep", "schedule": 5.0},\n',
        "",
    ),
    Wall(
        "the database is told for whom a request reads",
        "tests/access/test_row_security.py::test_a_page_without_a_filter_shows_a_person_their_own_rows_an_official_all_a_visitor_none",
        "nanchang_portal/row_scope.py",
        "scope.enter(scope.of(request.user))",
        "scope.enter(scope.everything())",
    ),
    Wall(
        "a request leaves nothing on its connection",
        "tests/access/test_row_security.py::test_a_request_leaves_nothing_on_the_connection",
        "accounts/scope.py",
        "    if current() == NONE:\n        return\n    connection.portal_scope = NONE",
        "    return\n    connection.portal_scope = NONE",
    ),
    Wall(
        "officials show a second factor",
        "tests/accounts/test_second_factor.py::test_a_password_alone_opens_nothing_to_an_official",
        "accounts/second_factor.py",
        "return is_official(request.user) and not proved_at(request)",
        "return False",
    ),
    Wall(
        "a code opens once",
        "tests/accounts/test_second_factor.py::test_a_code_opens_once",
        "accounts/second_factor_forms.py",
        'if step is None or step <= authenticator.data.get("used_step", 0):',
        "if step is None:",
    ),
    Wall(
        "money and whole numbers ask again",
        "tests/accounts/test_sessions.py::test_money_and_numbers_ask_again_and_nothing_that_was_posted_is_lost",
        "accounts/middleware.py",
        "and second_factor.must_be_shown_again(request)",
        "and False",
    ),
    Wall(
        "guessing elsewhere keeps no owner out",
        "tests/accounts/test_sessions.py::test_a_stranger_who_guesses_keeps_the_owner_out_of_nothing",
        "accounts/adapter.py",
        'return f"{get_ip(request)}:{account}"',
        "return account",
    ),
    Wall(
        "two administrators take a lost factor away",
        "tests/accounts/test_lost_factor.py::test_nobody_does_it_alone",
        "accounts/lost_factor.py",
        "if len({person.pk, user.pk, second.pk}) < 3:",
        "if False:",
    ),
    Wall(
        "a browser may ask for security keys alone",
        "tests/access/test_doors.py::test_a_page_may_ask_the_browser_for_security_keys_alone",
        "nanchang_portal/middleware.py",
        'response.headers.setdefault("Permissions-Policy", PERMISSIONS)',
        "pass",
    ),
    Wall(
        "nothing stands inline and every page has its policy",
        "tests/access/test_matrix.py::test_every_url_for_every_role[visitor]",
        "nanchang_portal/settings/base.py",
        '    "csp.middleware.CSPMiddleware",\n',
        "",
    ),
]
