import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("casework", "0011_events_of_appeals"),
    ]

    operations = [
        pgtrigger.migrations.RemoveTrigger(
            model_name="case",
            name="status_follows_the_table",
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name="review",
            name="by_whom",
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="case",
            trigger=pgtrigger.compiler.Trigger(
                name="status_follows_the_table",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="\n                    IF TG_OP = 'INSERT' THEN\n                        IF NEW.status <> 'draft' THEN\n                            RAISE EXCEPTION 'case_status_begins_as_draft' USING ERRCODE = 'check_violation';\n                        END IF;\n                        RETURN NEW;\n                    END IF;\n                    IF (NEW.organisation_id, NEW.programme, NEW.year, NEW.number) IS DISTINCT FROM\n                        (OLD.organisation_id, OLD.programme, OLD.year, OLD.number) THEN\n                        RAISE EXCEPTION 'case_identity_is_fixed' USING ERRCODE = 'check_violation';\n                    END IF;\n                    IF NEW.status = OLD.status THEN\n                        IF NEW.submitted_by_id IS DISTINCT FROM OLD.submitted_by_id THEN\n                            RAISE EXCEPTION 'case_filer_is_fixed' USING ERRCODE = 'check_violation';\n                        END IF;\n                        IF OLD.status IN ('approved', 'rejected') AND (\n                            NEW.amount_rmb, NEW.current_assessment_id, NEW.initial_reviewer_id,\n                            NEW.final_reviewer_id, NEW.submitted_by_id\n                        ) IS DISTINCT FROM (\n                            OLD.amount_rmb, OLD.current_assessment_id, OLD.initial_reviewer_id,\n                            OLD.final_reviewer_id, OLD.submitted_by_id\n                        ) THEN\n                            RAISE EXCEPTION 'case_decision_is_final' USING ERRCODE = 'check_violation';\n                        END IF;\n                        RETURN NEW;\n                    END IF;\n                    IF NOT EXISTS (\n                        SELECT 1 FROM casework_edge WHERE from_status = OLD.status AND to_status = NEW.status\n                    ) THEN\n                        RAISE EXCEPTION 'case_status_edge: % -> %', OLD.status, NEW.status\n                            USING ERRCODE = 'check_violation';\n                    END IF;\n                    IF OLD.status IN ('approved', 'rejected') AND (\n                        EXISTS (SELECT 1 FROM casework_award WHERE case_id = NEW.id AND reversed_at IS NULL)\n                        OR NOT EXISTS (\n                            SELECT 1 FROM casework_reopening\n                            WHERE case_id = NEW.id AND state = 'confirmed' AND decision_id = (\n                                SELECT max(id) FROM casework_transition WHERE case_id = NEW.id\n                            )\n                        )\n                    ) THEN\n                        RAISE EXCEPTION 'case_reopened_by_two' USING ERRCODE = 'check_violation';\n                    END IF;\n                    IF NEW.status = 'approved' AND NOT (\n                        EXISTS (\n                            SELECT 1 FROM casework_review\n                            WHERE assessment_id = NEW.current_assessment_id AND stage = 'initial'\n                                AND outcome IN ('pass', 'propose_rejection') AND reviewer_id = NEW.initial_reviewer_id\n                                AND void_at IS NULL\n                        ) AND EXISTS (\n                            SELECT 1 FROM casework_review\n                            WHERE assessment_id = NEW.current_assessment_id AND stage = 'final'\n                                AND outcome = 'pass' AND reviewer_id = NEW.final_reviewer_id AND void_at IS NULL\n                        )\n                    ) THEN\n                        RAISE EXCEPTION 'case_approval_needs_two_reviews' USING ERRCODE = 'check_violation';\n                    END IF;\n                    IF NEW.status = 'rejected' AND NOT EXISTS (\n                        SELECT 1 FROM casework_ground ground JOIN casework_review review ON review.id = ground.review_id\n                        WHERE review.assessment_id = NEW.current_assessment_id AND review.stage = 'final'\n                            AND review.outcome = 'reject' AND review.reviewer_id = NEW.final_reviewer_id\n                    ) THEN\n                        RAISE EXCEPTION 'case_rejection_needs_ground' USING ERRCODE = 'check_violation';\n                    END IF;\n                    RETURN NEW;\n                ",
                    hash="34fd9948e7a78300a5e6c73e77b13f2c972dd1af",
                    operation="INSERT OR UPDATE",
                    pgid="pgtrigger_status_follows_the_table_74983",
                    table="casework_case",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="review",
            trigger=pgtrigger.compiler.Trigger(
                name="by_whom",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    declare="DECLARE found casework_case%ROWTYPE; principal bigint;",
                    func="\n                    SELECT * INTO found FROM casework_case WHERE id = NEW.case_id;\n                    \nIF EXISTS (\n    SELECT 1 FROM casework_conflict\n    WHERE official_id = NEW.reviewer_id AND lifted_at IS NULL\n        AND (case_id = found.id OR organisation_id = found.organisation_id)\n) THEN\n    RAISE EXCEPTION 'conflict_of_interest' USING ERRCODE = 'check_violation';\nEND IF;\n\n                    IF NEW.submitter_id IS DISTINCT FROM found.submitted_by_id THEN\n                        RAISE EXCEPTION 'review_names_who_filed' USING ERRCODE = 'check_violation';\n                    END IF;\n                    IF EXISTS (\n                        SELECT 1 FROM casework_submission\n                        WHERE case_id = NEW.case_id AND submitted_by_id = NEW.reviewer_id\n                    ) THEN\n                        RAISE EXCEPTION 'review_not_by_submitter' USING ERRCODE = 'check_violation';\n                    END IF;\n                    IF found.assigned_to_id <> NEW.reviewer_id THEN\n                        RAISE EXCEPTION 'review_by_assignee' USING ERRCODE = 'check_violation';\n                    END IF;\n                    IF NEW.delegation_id IS NOT NULL THEN\n                        SELECT giver_id INTO principal FROM casework_delegation\n                        WHERE id = NEW.delegation_id AND deputy_id = NEW.reviewer_id AND stage = NEW.stage\n                            AND approved_at IS NOT NULL AND ended_at IS NULL\n                            AND (NEW.at AT TIME ZONE 'Asia/Shanghai')::date BETWEEN starts_on AND ends_on;\n                        IF principal IS NULL THEN\n                            RAISE EXCEPTION 'review_delegation_in_force' USING ERRCODE = 'check_violation';\n                        END IF;\n                        \nIF EXISTS (\n    SELECT 1 FROM casework_conflict\n    WHERE official_id = principal AND lifted_at IS NULL\n        AND (case_id = found.id OR organisation_id = found.organisation_id)\n) THEN\n    RAISE EXCEPTION 'conflict_of_interest' USING ERRCODE = 'check_violation';\nEND IF;\n\n                        IF principal = NEW.submitter_id THEN\n                            RAISE EXCEPTION 'review_not_by_submitter' USING ERRCODE = 'check_violation';\n                        END IF;\n                    END IF;\n                    IF NEW.stage = 'final' AND EXISTS (\n                        SELECT 1 FROM casework_review seen\n                        LEFT JOIN casework_delegation cover ON cover.id = seen.delegation_id\n                        WHERE seen.assessment_id = NEW.assessment_id AND seen.stage = 'initial' AND seen.void_at IS NULL\n                            AND (seen.reviewer_id IN (NEW.reviewer_id, principal)\n                                OR cover.giver_id IN (NEW.reviewer_id, principal))\n                    ) THEN\n                        RAISE EXCEPTION 'review_by_two_authorities' USING ERRCODE = 'check_violation';\n                    END IF;\n                    RETURN NEW;\n                ",
                    hash="1b939d985f51df8b34c7e16d1dc6f848c087c68d",
                    operation="INSERT",
                    pgid="pgtrigger_by_whom_71f07",
                    table="casework_review",
                    when="BEFORE",
                ),
            ),
        ),
    ]
