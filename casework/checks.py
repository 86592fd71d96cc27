"""What casework compares when the portal reconciles: decisions, awards and their hashes (`ledger.reconciling`)."""

from collections import Counter
from collections.abc import Iterator
from decimal import Decimal

from django.utils.translation import gettext_lazy as _

from accounts.crypto import renewed
from audit.services import sha256
from casework.models import Assessment, Award, Submission
from ledger.reconciling import Check, query

# Awards with their key in the ledger (`ledger.funds.award_key`).
AWARDS_BY_KEY = """(
    SELECT w.id, w.case_id, w.assessment_id, w.amount_rmb, w.reversed_at,
        concat('award:', k.number, CASE WHEN w.number > 1 THEN concat(':', w.number) END) AS key
    FROM casework_award w JOIN casework_case k ON k.id = w.case_id
)"""

# An approved case has one award in force; its amount is the case's, the assessment's and its lines' together.
AWARDS = f"""
    SELECT c.number, c.amount_rmb::text, concat_ws(' / ', a.amount_rmb, s.amount_rmb, l.total)
    FROM casework_case c
    LEFT JOIN {AWARDS_BY_KEY} a ON a.case_id = c.id AND a.reversed_at IS NULL
    LEFT JOIN casework_assessment s ON s.id = c.current_assessment_id AND s.id = a.assessment_id
    LEFT JOIN LATERAL (
        SELECT coalesce(sum(amount_rmb), 0) AS total FROM casework_awardline
        WHERE award_id = a.id AND reversed_at IS NULL
    ) l ON true
    WHERE c.status = 'approved' AND (
        a.id IS NULL OR s.id IS NULL OR (c.amount_rmb, c.amount_rmb, c.amount_rmb) <>
        (a.amount_rmb, s.amount_rmb, l.total)
    )
    UNION ALL
    SELECT c.number, 'no award', a.amount_rmb::text
    FROM {AWARDS_BY_KEY} a JOIN casework_case c ON c.id = a.case_id
    WHERE c.status <> 'approved' AND a.reversed_at IS NULL
    UNION ALL
    SELECT c.number, 'one award', count(*)::text
    FROM {AWARDS_BY_KEY} a JOIN casework_case c ON c.id = a.case_id
    WHERE a.reversed_at IS NULL GROUP BY c.number HAVING count(*) > 1
"""

# What an award holds of the fund is the award, while it is in force; nothing after it was reversed.
FUNDS = f"""
    WITH places AS (
        SELECT key, sum(amount_rmb - released_rmb) AS held FROM ledger_reservation GROUP BY key
    ), awards AS (
        SELECT a.key, CASE WHEN a.reversed_at IS NULL THEN a.amount_rmb ELSE 0 END AS amount
        FROM {AWARDS_BY_KEY} a JOIN casework_case c ON c.id = a.case_id
    )
    SELECT key, awards.amount, places.held FROM awards FULL JOIN places USING (key)
    WHERE coalesce(awards.amount, -1) <> coalesce(places.held, 0)
"""

PERSONS = f"""
    SELECT string_agg(c.number, ', '), 'once', count(*)::text
    FROM casework_awardline l JOIN {AWARDS_BY_KEY} a ON a.id = l.award_id JOIN casework_case c ON c.id = a.case_id
    WHERE l.person_key <> '' AND l.reversed_at IS NULL
    GROUP BY l.programme, l.person_key, l.payee HAVING count(*) > 1
"""

PEOPLE = """
    SELECT c.number, 'submitter, initial and final reviewer differ', concat_ws(' / ', c.submitted_by_id,
        c.initial_reviewer_id, c.final_reviewer_id)
    FROM casework_case c
    WHERE c.status IN ('approved', 'rejected') AND (
        c.submitted_by_id IN (c.initial_reviewer_id, c.final_reviewer_id) OR EXISTS (
            SELECT 1 FROM casework_submission
            WHERE case_id = c.id AND submitted_by_id IN (c.initial_reviewer_id, c.final_reviewer_id)
        )
        OR c.initial_reviewer_id = c.final_reviewer_id
        OR NOT EXISTS (
            SELECT 1 FROM casework_review r WHERE r.assessment_id = c.current_assessment_id AND r.stage = 'initial'
                AND r.reviewer_id = c.initial_reviewer_id AND r.outcome IN ('pass', 'propose_rejection')
        )
        OR NOT EXISTS (
            SELECT 1 FROM casework_review r WHERE r.assessment_id = c.current_assessment_id AND r.stage = 'final'
                AND r.reviewer_id = c.final_reviewer_id
                AND r.outcome = CASE c.status WHEN 'approved' THEN 'pass' ELSE 'reject' END
        )
    )
    UNION ALL
    SELECT c.number, s.hash, r.assessment_hash
    FROM casework_review r JOIN casework_assessment s ON s.id = r.assessment_id JOIN casework_case c ON c.id = r.case_id
    WHERE r.assessment_hash <> s.hash OR s.case_id <> r.case_id
"""

STATUS = """
    SELECT c.number, last.to_status, c.status
    FROM casework_case c LEFT JOIN LATERAL (
        SELECT to_status FROM casework_transition t WHERE t.case_id = c.id ORDER BY t.id DESC LIMIT 1
    ) last ON true
    WHERE c.status <> coalesce(last.to_status, 'draft')
    UNION ALL
    SELECT c.number, concat('from ', t.before), concat('from ', t.from_status)
    FROM (
        SELECT case_id, from_status, lag(to_status) OVER (PARTITION BY case_id ORDER BY id) AS before
        FROM casework_transition
    ) t JOIN casework_case c ON c.id = t.case_id
    WHERE t.before IS NOT NULL AND t.before <> t.from_status
"""

ONE_EFFECT = """
    SELECT c.number, 'one assessment of these inputs', count(*)::text
    FROM casework_assessment s JOIN casework_case c ON c.id = s.case_id
    GROUP BY c.number, s.policy_key, s.inputs_hash HAVING count(*) > 1
"""


def hashes() -> Iterator[tuple]:
    """Frozen inputs and assessments against their own hashes; awards against the lines of their assessment."""
    for filed in Submission.objects.select_related("case").iterator(chunk_size=500):
        if (found := sha256(filed.snapshot)) != filed.snapshot_hash:
            yield f"{filed}", filed.snapshot_hash, found
    for assessed in Assessment.objects.select_related("case").iterator(chunk_size=500):
        inputs_hash = sha256(assessed.inputs)
        found = sha256([inputs_hash, assessed.policy_key, str(assessed.amount_rmb), assessed.result])
        if (inputs_hash, found) != (assessed.inputs_hash, assessed.hash):
            yield f"{assessed.case} #{assessed.pk}", assessed.hash, found
    awards = Award.objects.select_related("case", "assessment").prefetch_related("lines")
    for award in awards.iterator(chunk_size=500):
        granted = Counter(
            (line.payee, line.reference, renewed(line.person_key), line.amount_rmb)
            for line in award.lines.all()
        )
        assessed = Counter(
            (line["payee"], line["reference"], renewed(line["person_key"]), Decimal(line["amount_rmb"]))
            for line in award.assessment.result["lines"]
        )
        for line in (assessed - granted) + (granted - assessed):
            yield f"{award.case}", f"{assessed[line]} × {line[0]} {line[3]}", f"{granted[line]}"


CHECKS = (
    Check("casework.award", _("Awards against cases, assessments and lines"), query(AWARDS)),
    Check("casework.fund", _("Awards against their places in the funds"), query(FUNDS)),
    Check("casework.person", _("One subsidy for each person"), query(PERSONS)),
    Check("casework.four_eyes", _("Decisions by two people who saw this assessment"), query(PEOPLE)),
    Check("casework.status", _("Statuses against the steps taken"), query(STATUS)),
    Check("casework.one_effect", _("One effect of each calculation"), query(ONE_EFFECT)),
    Check("casework.hash", _("Frozen inputs, assessments and awards against their hashes"), hashes),
)
