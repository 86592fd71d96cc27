"""Every wall, and the test that must fail when it is not there.

`DATABASE` are walls that PostgreSQL holds: statements that take one away, tried inside the test's own transaction.
`CODE` are lines of the code: in `file`, `old` becomes `new`.
"""

from dataclasses import dataclass
from pathlib import Path


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
#: Every constraint and trigger of the portal by name, one a line behind its table.
KNOWN = Path(__file__).resolve().parents[1] / "tests/operations/walls.txt"
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
    *_held("ledger/test_balances.py::test_a_batch_with_one_fen_too_much_posts_nothing", "moves_balance",
           "ledger_balance_within_limit"),
    *_held("ledger/test_balances.py::test_sql_cannot_go_round_the_ledger", "moved_by_entries_only"),
    *_held("ledger/test_funds.py::test_sql_cannot_go_round_the_fund", "ledger_balance_within_limit", "decided_once",
           "fund_change_four_eyes", "belongs"),
    *_held("ledger/test_funds.py::test_an_award_beyond_the_fund_waits_whole_and_nobody_overtakes", "moves_balance"),
    *_held("ledger/test_funds.py::test_a_reservation_is_served_whole", "ledger_reservation_whole"),
    *_held("training/test_training_classes.py::test_the_service_refuses_a_foreign_trainee_and_so_does_the_database",
           "one_institution", "stays_in_institution"),
    *_held("payments/test_payee_accounts.py::test_a_change_is_a_new_row_and_one_at_a_time", "account_is_final"),
    *_held("payments/test_payee_accounts.py::test_a_superuser_is_one_person_too", "account_three_people"),
    *_held("payments/test_four_eyes.py::test_one_person_takes_no_second_step", "batch_four_eyes"),
    *_held("payments/test_after_payment.py::test_the_database_wants_two_people_and_the_term", "check_two_people"),
    *_held("payments/test_person_files.py::test_two_people_decide_which_registration_stands", "person_file_two_people"),
    *_held("notices/test_public_notices.py::test_a_published_notice_never_changes", "published_is_final"),
    *_held("policy/test_publication.py::test_what_is_published_never_changes_by_sql", "published_is_final"),
    *_held("messaging/test_messages.py::test_the_database_keeps_one_message_of_a_step", "message_once_of_transition"),
    *_held("messaging/test_mails.py::test_the_summary_comes_once_a_day_with_what_is_unread", "mail_one_digest_a_day"),
    *_held("accounts/test_lost_factor.py::test_the_database_wants_two_administrators_too", "factor_reset_two_people",
           "factor_reset_of_another", "factor_reset_state_says_who"),
    *_held("accounts/test_lost_factor.py::test_what_was_asked_never_changes", "what_was_asked_is_fixed",
           "reset_decided_once"),
    *_held("accounts/test_lost_factor.py::test_nobody_does_it_alone", "factor_reset_one_open"),
    *_held("accounts/test_administrators.py::test_web_and_worker_make_no_administrator", "administrator_by_owner"),
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
    *_held("payments/test_four_eyes.py::test_one_person_takes_no_second_step", "case_four_eyes"),
    *_held("audit/test_chain.py::test_a_record_without_an_actor_is_refused", "audit_record_has_actor"),
    *_held("workbooks/test_quarantine.py::test_the_database_lets_nothing_be_read_unscanned", "import_read_was_scanned"),
    *_held("documents/test_scanner.py::test_the_database_holds_the_states", "document_clean_was_scanned"),
    *_held("documents/test_uploads.py::test_another_organisations_file_is_never_filed", "own_and_clean"),
    *_held("payments/test_batches.py::test_the_database_refuses_a_payment_that_is_not_due", "payment_is_due"),
    *_held("casework/test_recalculation.py::test_one_person_recalculates_nothing", "recalculation_two_people"),
    *_held("notices/test_objections.py::test_two_people_answer_and_not_who_decided", "objection_two_people"),
    *_held("notices/test_public_notices.py::test_who_made_it_does_not_publish_it", "notice_two_people"),
    *_held("payments/test_after_payment.py::test_who_proposes_an_order_does_not_confirm_it", "recovery_two_people"),
    *_held("payments/test_after_payment.py::test_fraud_bars_for_three_years_by_two_people", "debarment_two_people"),
    *_held("notices/test_letters.py::test_a_letter_never_changes_and_is_written_once", "letter_once",
           "letter_is_fixed"),
    *_held("casework/test_filing.py::test_one_open_draft_for_each_year", "case_one_draft_a_year"),
    *_held("training/test_training_trainees.py::test_the_database_holds_a_person_once_per_institution",
           "trainee_once_per_institution"),
    *_held("operations/test_forbidden_sql.py::test_each_statement_meets_its_wall", "award_one_in_force",
           "only_reversal", "reversed_with_its_award", "review_once_per_stage", "by_whom",
           "payment_once_per_award_line", "payment_steps", "batch_steps", "batch_origin_is_final", "account_steps",
           "hold_lifted_by_another", "hold_is_final", "grows_by_one", "audit_record_number_once", "name_is_final",
           "account_number_is_masked", "account_one_change_at_a_time", "account_one_verified"),
    *_held("operations/test_forbidden_sql.py::test_each_statement_about_money_that_comes_back_meets_its_wall",
           "check_steps", "recovery_of_what_was_paid", "recovery_decided_once", "repayment_is_final",
           "repayment_two_people", "repayment_confirmed_once", "debarment_after_fraud", "debarment_is_final"),
    Wall(
        "who is asked to ignore a trigger",
        "tests/operations/test_database_roles.py::test_a_trigger_that_is_asked_to_be_ignored_is_not",
        statement="CREATE OR REPLACE FUNCTION public._pgtrigger_should_ignore(trigger_name NAME) RETURNS BOOLEAN AS $$ "
        "SELECT coalesce(trigger_name = ANY(nullif(current_setting('pgtrigger.ignore', true), '')::text[]), false) "
        "$$ LANGUAGE sql STABLE",
    ),
    Wall(
        "rights on the audit's table",
        "tests/operations/test_database_roles.py::test_an_append_only_table_takes_new_rows_and_nothing_else[portal_app-audit_record]",
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
# What each refuses is shown above, or in its room's tests; that it stands at all, by the test of the list.
DATABASE += _held(
    "operations/test_walls.py::test_every_wall_stands",
    *sorted({line.split()[1] for line in KNOWN.read_text().splitlines()}),
)

_WORKER = "tests/engines/test_settings.py::test_the_settings_are_those_that_were_measured"
_PATIENCE = (
    "tests/engines/test_settings.py::test_a_request_waits_briefly_for_the_database_and_a_worker_longer"
)
_BASE = "nanchang_portal/settings/base.py"
_CONTAINER = "tests/engines/test_deployment.py::test_a_container_is_nobody_special_and_writes_on_nothing_else"
_COMPOSE = "tests/engines/test_deployment.py::test_compose_names_real_files_and_every_part"
_ERRORS = (
    "tests/operations/test_operations.py::"
    "test_every_page_of_an_error_says_it_in_the_readers_language_with_a_number_that_the_log_holds"
)

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
        "tests/casework/test_decisions.py::test_a_grant_between_calculation_and_approval_asks_for_a_new_calculation",
        "casework/services/decisions.py",
        "if inputs_of(case, submission) != assessment.inputs:",
        "if False:",
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
        "tests/access/test_exports.py::test_what_a_spreadsheet_would_calculate_stays_words",
        "casework/inert.py",
        '_FORMULA = frozenset("=+-@")',
        '_FORMULA = frozenset("=+-")',
    ),
    Wall(
        "officials see nothing before it is filed",
        "tests/casework/test_pages.py::test_officials_do_not_see_drafts",
        "casework/models/case.py",
        "filed = Q(submitted_at__isnull=False)",
        "filed = Q(pk__isnull=False)",
    ),
    Wall(
        "the cache is not the broker",
        "tests/engines/test_deployment.py::test_wrong_settings",
        "nanchang_portal/settings/prod.py",
        "if _server(_cache) == _server(_broker):",
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
    *(
        Wall(f"worker: {name}", _WORKER, _BASE, old, new)
        for name, old, new in (
            ("tasks are acknowledged late", "CELERY_TASK_ACKS_LATE = True\n", ""),
            ("a lost worker's task is rejected", "CELERY_TASK_REJECT_ON_WORKER_LOST = True\n", ""),
            ("one message at a time", "CELERY_WORKER_PREFETCH_MULTIPLIER = 1\n", ""),
            ("JSON alone", 'CELERY_ACCEPT_CONTENT = ["json"]', 'CELERY_ACCEPT_CONTENT = ["json", "pickle"]'),
            ("results are in the tables", "CELERY_TASK_IGNORE_RESULT = True\n", ""),
            ("a task has an end", "CELERY_TASK_TIME_LIMIT = 120\n", ""),
            ("visible again after the task's end", '"visibility_timeout": 300', '"visibility_timeout": 60'),
            ("given back soon", '    "unacked_restore_throttle": 1,\n', ""),
            ("soft shutdown", "CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT = 30\n", ""),
            ("a request does not wait for the broker", "CELERY_TASK_PUBLISH_RETRY = False\n", ""),
        )
    ),
    *(
        Wall(f"database: {name}", _PATIENCE, _BASE, old, new)
        for name, old, new in (
            ("commits are on the disk", '"synchronous_commit": "on"', '"synchronous_commit": "off"'),
            (
                "a request's statement ends",
                '"statement_timeout": "10s" if web',
                '"statement_timeout": "0" if web',
            ),
            ("a request waits for no lock", '"lock_timeout": "3s" if web', '"lock_timeout": "0" if web'),
            (
                "an idle transaction ends",
                '"idle_in_transaction_session_timeout": "30s" if web',
                '"idle_in_transaction_session_timeout": "0" if web',
            ),
        )
    ),
    Wall(
        "a broker that keeps",
        "tests/engines/test_settings.py::test_the_broker_keeps_every_message",
        "nanchang_portal/embedded/valkey.py",
        '"maxmemory-policy": "noeviction"',
        '"maxmemory-policy": "allkeys-lru"',
    ),
    Wall(
        "a broker that keeps, on the disk",
        "tests/engines/test_settings.py::test_the_broker_keeps_every_message",
        "nanchang_portal/embedded/valkey.py",
        '"appendonly": "yes"',
        '"appendonly": "no"',
    ),
    Wall("a deployment's broker keeps", _COMPOSE, "docker-compose.yml", '"noeviction"', '"allkeys-lru"'),
    Wall(
        "a deployment's web owns nothing",
        _COMPOSE,
        "docker-compose.yml",
        "postgres://portal_app:",
        "postgres://portal:",
    ),
    Wall("a container writes on nothing else", _CONTAINER, "docker-compose.yml", "  read_only: true\n", ""),
    Wall("a container has no powers", _CONTAINER, "docker-compose.yml", "  cap_drop: [ALL]\n", ""),
    Wall("a container is nobody special", _CONTAINER, "Dockerfile", "USER portal\n", "USER root\n"),
    Wall(
        "packages by their hashes",
        "tests/engines/test_deployment.py::test_dockerfile_names_real_files_and_modules",
        "Dockerfile",
        " --require-hashes",
        "",
    ),
    Wall(
        "a broker that is down fails no request",
        "tests/drills/test_calculation_faults.py::test_a_broker_that_is_down_or_emptied_loses_nothing",
        "casework/services/calculation.py",
        '    except (OperationalError, OSError) as error:\n        log.warning("broker',
        '    except ZeroDivisionError as error:\n        log.warning("broker',
    ),
    Wall(
        "claim, record and work are one transaction",
        "tests/casework/test_filing.py::test_a_claim_its_record_and_its_work_are_written_together_or_not_at_all",
        "casework/services/filing.py",
        "@transaction.atomic\ndef submit(",
        "def submit(",
    ),
    Wall(
        "a task begins with a connection that answers",
        "tests/operations/test_worker_connections.py",
        "nanchang_portal/celery.py",
        "            connection.close_if_unusable_or_obsolete()\n",
        "            pass\n",
    ),
    Wall(
        "the offices' time",
        "tests/drills/test_clock_and_fuzz.py::test_days_years_and_months_at_the_edges",
        _BASE,
        'TIME_ZONE = "Asia/Shanghai"',
        'TIME_ZONE = "UTC"',
    ),
    Wall(
        "an official decides what they saw",
        "tests/casework/test_decisions.py::test_a_stale_page_decides_nothing",
        "casework/services/decisions.py",
        "if assessment.hash != assessment_hash:",
        "if False:",
    ),
    Wall(
        "no paper before the scan",
        "tests/documents/test_uploads.py::test_nothing_is_given_out_before_the_scan",
        "documents/services/serving.py",
        "if not document.is_clean:",
        "if False:",
    ),
    Wall(
        "papers for who may see the case",
        "tests/documents/test_uploads.py::test_others_find_nothing",
        "documents/views.py",
        "visible = Document.objects.visible_to(request.user)",
        "visible = Document.objects.all()",
    ),
    *(
        Wall(
            f"{what} for who may see it",
            f"tests/access/test_matrix.py::test_every_url_for_every_role[{who}]",
            file,
            old,
            new,
        )
        for what, who, file, old, new in (
            (
                "a trainee",
                "other_institution",
                "training/web/trainees.py",
                "Trainee.objects.visible_to(request.user)",
                "Trainee.objects",
            ),
            (
                "a trainee's own data",
                "other_institution",
                "training/web/privacy.py",
                "if membership(request.user, found.institution_id) or",
                "if membership(request.user, found.institution_id) is None or",
            ),
            (
                "a claim",
                "other_enterprise",
                "casework/views.py",
                'Case.objects.visible_to(request.user).select_related(\n        "organisation", "current',
                'Case.objects.select_related(\n        "organisation", "current',
            ),
            (
                "a contract",
                "other_enterprise",
                "applications/web/contracts.py",
                "Contract.objects.visible_to(request.user).select_related",
                "Contract.objects.select_related",
            ),
            (
                "an account",
                "other_enterprise",
                "payments/web/accounts.py",
                "PayeeAccount.objects.filter(organisation__memberships__user=user)",
                "PayeeAccount.objects.all()",
            ),
        )
    ),
    Wall(
        "no file fills the disk",
        "tests/documents/test_uploads.py::test_a_file_above_every_limit_fills_no_disk",
        "documents/upload_handlers.py",
        "return raw_data if self.kept <= CEILING else None",
        "return raw_data",
    ),
    Wall(
        "memory of who looks into papers",
        "tests/documents/test_gate.py::test_memory_is_limited",
        "documents/gate/child.py",
        "resource.setrlimit(resource.RLIMIT_AS, (BYTES, BYTES))",
        "pass",
    ),
    Wall(
        "time of who looks into papers",
        "tests/documents/test_gate.py::test_processor_time_is_limited",
        "documents/gate/child.py",
        "    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))\n",
        "",
    ),
    *(
        Wall(
            f"{what} of who reads workbooks",
            "tests/workbooks/test_import_jobs.py::test_a_parser_that_meets_a_limit_or_dies_refuses_the_file",
            "workbooks/reading/limits.py",
            f"    resource.setrlimit(resource.{limit})\n",
            "",
        )
        for what, limit in (
            ("memory", "RLIMIT_AS, (MEMORY, MEMORY)"),
            ("time", "RLIMIT_CPU, (SECONDS, SECONDS + 1)"),
        )
    ),
    *(
        Wall(
            f"workbooks with {what}",
            "tests/workbooks/test_broken_workbooks.py::test_a_file_that_is_not_taken",
            "workbooks/reading/structure.py",
            old,
            new,
        )
        for what, old, new in (
            ("too many parts", "if len(parts) > MAX_PARTS:", "if False:"),
            (
                "too much in them",
                "if sum(part.file_size for part in parts) > MAX_UNPACKED or any(",
                "if any(",
            ),
            (
                "a bomb in them",
                "part.file_size > 1024 * 1024 and part.file_size > MAX_RATIO",
                "0 > MAX_RATIO",
            ),
        )
    ),
    Wall(
        "cells of a returned workbook are inert",
        "tests/workbooks/test_import_jobs.py::test_a_csv_comes_back_as_a_workbook_with_the_errors_in_a_column",
        "workbooks/writing/corrected.py",
        "page.write_string(line, place, cell, ",
        "page.write_formula(line, place, cell, ",
    ),
    Wall(
        "the log of requests masks numbers in a path",
        "tests/access/test_doors.py::test_no_log_keeps_what_was_searched_for",
        "nanchang_portal/access_log.py",
        "\"r\": scrub(f\"{environ['REQUEST_METHOD']} {path} {environ['SERVER_PROTOCOL']}\"),",
        "\"r\": f\"{environ['REQUEST_METHOD']} {path} {environ['SERVER_PROTOCOL']}\",",
    ),
    Wall(
        "no log line names an address",
        "tests/operations/test_operations.py::test_a_request_logs_its_number_its_route_and_nothing_personal",
        "nanchang_portal/operations/logs.py",
        'if request := getattr(record, "request", None):',
        "if request := None:",
    ),
    *(
        Wall(
            f"cookies: {what}",
            "tests/engines/test_deployment.py::test_cookies_stay_with_this_host_and_browsers_with_tls",
            file,
            old,
            new,
        )
        for what, file, old, new in (
            (
                "no script reads a session",
                _BASE,
                "SESSION_COOKIE_HTTPONLY = True",
                "SESSION_COOKIE_HTTPONLY = False",
            ),
            (
                "TLS alone",
                "nanchang_portal/settings/prod.py",
                "SESSION_COOKIE_SECURE = True",
                "SESSION_COOKIE_SECURE = False",
            ),
            ("this host alone", "nanchang_portal/settings/prod.py", '"__Host-sessionid"', '"sessionid"'),
            ("HSTS", "nanchang_portal/settings/prod.py", "default=365 * 24 * 3600", "default=0"),
        )
    ),
    Wall(
        "public pages have a limit",
        "tests/reports/test_public_lists.py::test_who_leafs_faster_than_any_reader_is_asked_to_wait",
        "reports/limits.py",
        "if usage.exceeded:",
        "if False:",
    ),
    Wall(
        "a database that is away is said to be",
        "tests/operations/test_operations.py::test_a_database_that_is_away_before_any_view_is_said_to_be",
        "nanchang_portal/errors.py",
        "if isinstance(sys.exc_info()[1], OperationalError | InterfaceError):",
        "if False:",
    ),
    Wall(
        "too large is said",
        _ERRORS,
        "nanchang_portal/urls.py",
        'handler400 = "nanchang_portal.errors.bad_request"\n',
        'handler400 = "django.views.defaults.bad_request"\n',
    ),
    Wall(
        "too often is said",
        _ERRORS,
        "nanchang_portal/urls.py",
        'handler429 = "nanchang_portal.errors.too_many_requests"',
        'handler429 = "django.views.defaults.bad_request"',
    ),
    Wall(
        "of several databases the primary",
        "tests/engines/test_sentinel.py::test_of_several_databases_the_one_that_takes_writes_is_asked",
        _BASE,
        '"target_session_attrs": "read-write", ',
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
        "is_official(request.user) and time.time() - proved_at(request) >= settings.SECOND_FACTOR_SECONDS",
        "False",
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
        "if current.asked_by_id == user.pk:",
        "if False:",
    ),
    Wall(
        "a colleague's account is led by its owner",
        "tests/accounts/test_administrators.py::test_of_a_colleague_only_the_end_can_be_set",
        "accounts/permissions.py",
        "if person.is_superuser and person.pk != user.pk:",
        "if False:",
    ),
    Wall(
        "what waits for the factor is handed out once",
        "tests/accounts/test_waiting_steps.py::test_it_is_handed_out_once_and_not_to_another_session_or_person",
        "accounts/waiting_steps.py",
        "found = waiting.pop(token, None)",
        "found = waiting.get(token)",
    ),
    Wall(
        "it waits for an hour",
        "tests/accounts/test_waiting_steps.py::test_no_more_than_a_few_wait_and_not_for_ever",
        "accounts/waiting_steps.py",
        'if step["person"] == request.user.pk and step["at"] > since',
        'if step["person"] == request.user.pk',
    ),
    Wall(
        "only administrators take part in it",
        "tests/accounts/test_lost_factor.py::test_auditors_read_it_and_nobody_else_sees_it",
        "accounts/permissions.py",
        "if not (user.is_active and user.is_staff and user.is_superuser):",
        "if not user.is_staff:",
    ),
    Wall(
        "who has a second factor changes nothing by the password alone",
        "tests/accounts/test_second_factor.py::test_who_has_a_second_factor_changes_nothing_by_the_password_alone",
        "accounts/adapter.py",
        'return [method for method in methods if method["id"] != "reauthenticate"] or methods',
        "return methods",
    ),
    Wall(
        "a password does not set off what waits for the second factor",
        "tests/accounts/test_second_factor.py::test_a_password_does_not_set_off_what_waits_for_the_second_factor",
        "accounts/second_factor_views.py",
        "    if second_factor.must_be_shown_again(request):",
        "    if False:",
    ),
    Wall(
        "recovery codes are seen before the desk opens",
        "tests/accounts/test_second_factor.py::test_the_desk_stays_closed_until_the_recovery_codes_were_seen",
        "accounts/middleware.py",
        "elif not second_factor.way_to_codes(request):",
        "else:",
    ),
    Wall(
        "a factor counts for a working day",
        "tests/accounts/test_second_factor.py::test_a_factor_shown_in_the_morning_is_not_enough_at_night",
        "accounts/second_factor.py",
        "time.time() - proved_at(request) >= settings.SECOND_FACTOR_SECONDS",
        "not proved_at(request)",
    ),
    Wall(
        "who loses a role is signed out",
        "tests/accounts/test_sessions.py::test_who_loses_a_role_is_signed_out_everywhere",
        "accounts/admin.py",
        "services.end_sessions_of(form.instance)",
        "pass",
    ),
    Wall(
        "a step on money asks again or says why not",
        "tests/accounts/test_sessions.py::test_every_view_that_moves_money_or_shows_a_number_asks_again_or_says_why_not",
        "nanchang_portal/settings/base.py",
        '"release", "file", "sent", "result")),',
        '"release", "sent", "result")),',
    ),
    Wall(
        "a token of another sign-in opens nothing",
        "tests/accounts/test_provincial_identity.py::test_a_token_that_does_not_fit_opens_nothing",
        "accounts/identity_provider.py",
        'if not constant_time_compare(str(said.get("nonce")), nonce_of(request.GET.get("state", ""))):',
        "if False:",
    ),
    Wall(
        "token and userinfo speak of one person",
        "tests/accounts/test_provincial_identity.py::test_a_token_that_does_not_fit_opens_nothing",
        "accounts/identity_provider.py",
        'person.get("sub") != said["sub"]',
        "False",
    ),
    Wall(
        "a token is signed by the provider",
        "tests/accounts/test_provincial_identity.py::test_a_token_that_does_not_fit_opens_nothing",
        "accounts/identity_provider.py",
        'options={"require": ["exp", "iss", "aud", "sub"]}',
        'options={"require": ["exp", "iss", "aud", "sub"], "verify_signature": False, "verify_exp": True}',
    ),
    Wall(
        "a token is for this portal",
        "tests/accounts/test_provincial_identity.py::test_a_token_that_does_not_fit_opens_nothing",
        "accounts/identity_provider.py",
        'if said.get("azp", app.client_id) != app.client_id:',
        "if False:",
    ),
    Wall(
        "a token has a term",
        "tests/accounts/test_provincial_identity.py::test_a_token_that_does_not_fit_opens_nothing",
        "accounts/identity_provider.py",
        'options={"require": ["exp", "iss", "aud", "sub"]}',
        "options={}",
    ),
    Wall(
        "an address adds nothing to what the provider is asked",
        "tests/accounts/test_provincial_identity.py::test_the_address_adds_nothing_to_what_the_provider_is_asked",
        "accounts/identity_provider.py",
        "return self.get_auth_params()",
        "return super().get_auth_params_from_request(request, action)",
    ),
    Wall(
        "an address that nobody classified is found",
        "tests/access/test_matrix.py::test_every_url_is_classified",
        "nanchang_portal/urls.py",
        '    path("metrics", views.metrics_text, name="metrics"),\n',
        '    path("metrics", views.metrics_text, name="metrics"),\n    path("new", views.home, name="new"),\n',
    ),
    Wall(
        "an action that nobody classified is found",
        "tests/access/test_matrix.py::test_every_action_is_classified",
        "audit/admin_base.py",
        "    actions = None\n",
        "",
    ),
    Wall(
        "a form takes what its page shows",
        "tests/access/test_mass_assignment.py::test_no_form_takes_more_than_its_page_shows",
        "applications/web/contract_forms.py",
        "fields = CONTRACT_FIELDS",
        'fields = [*CONTRACT_FIELDS, "created_by"]',
    ),
    Wall(
        "files and scripts carry the headers of a page",
        "tests/access/test_doors.py::test_pages_of_refusals_and_files_carry_every_header",
        "nanchang_portal/settings/base.py",
        '    "nanchang_portal.operations.requests.RequestMiddleware",\n',
        '    "nanchang_portal.operations.requests.RequestMiddleware",\n'
        '    "whitenoise.middleware.WhiteNoiseMiddleware",\n',
    ),
    Wall(
        "a copy of somebody's workbook calculates nothing",
        "tests/workbooks/test_import_jobs.py::test_the_copy_of_their_file_calculates_nothing_and_leads_nowhere",
        "workbooks/writing/annotate_child.py",
        "        disarm(page)\n",
        "        pass\n",
    ),
    Wall(
        "words of public lists stay words",
        "tests/access/test_exports.py::test_nothing_acts_in_any_file",
        "reports/csv_files.py",
        "[inert(value) for value in row]",
        "row",
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
