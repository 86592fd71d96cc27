"""What the offshore programme compares when the portal reconciles: allowances against awards."""

from django.utils.translation import gettext_lazy as _

from casework.checks import AWARDS_BY_KEY
from ledger.reconciling import Check, query

# Each award was granted once, by its final reviewer, to its organisation's year; a reversed one was taken back.
GRANTS = f"""
    WITH awards AS (
        SELECT a.key, c.organisation_id, c.year, a.amount_rmb AS granted,
            CASE WHEN a.reversed_at IS NULL THEN 0 ELSE a.amount_rmb END AS reversed
        FROM {AWARDS_BY_KEY} a JOIN casework_case c ON c.id = a.case_id WHERE c.programme = 'offshore'
    ), entries AS (
        SELECT e.key, b.organisation_id, b.year,
            coalesce(sum(e.amount_rmb) FILTER (WHERE e.kind = 'grant'), 0) AS granted,
            coalesce(-sum(e.amount_rmb) FILTER (WHERE e.kind = 'reversal'), 0) AS reversed
        FROM ledger_entry e JOIN ledger_balance b ON b.id = e.balance_id
        WHERE b.kind = 'allowance' AND b.programme = 'offshore' GROUP BY e.key, b.organisation_id, b.year
    )
    SELECT concat_ws(' ', key, year), concat_ws(' - ', awards.granted, awards.reversed),
        concat_ws(' - ', entries.granted, entries.reversed)
    FROM awards FULL JOIN entries USING (key, organisation_id, year)
    WHERE (awards.granted, awards.reversed) IS DISTINCT FROM (entries.granted, entries.reversed)
"""

# What the assessments of the year say the cap was, against the limit that was opened.
CAPS = f"""
    SELECT concat_ws(' ', o.credit_code, b.year), s.result -> 'details' ->> 'cap_rmb', b.limit_rmb::text
    FROM ledger_balance b JOIN accounts_organisation o ON o.id = b.organisation_id
    JOIN LATERAL (
        SELECT s.result FROM {AWARDS_BY_KEY} a JOIN casework_case c ON c.id = a.case_id
        JOIN casework_assessment s ON s.id = a.assessment_id
        WHERE c.organisation_id = b.organisation_id AND c.year = b.year AND c.programme = b.programme
        ORDER BY a.id LIMIT 1
    ) s ON true
    WHERE b.kind = 'allowance' AND b.programme = 'offshore'
        AND (s.result -> 'details' ->> 'cap_rmb')::numeric <> b.limit_rmb
"""

CHECKS = (
    Check("offshore.allowance", _("Yearly allowances against the awards"), query(GRANTS)),
    Check("offshore.cap", _("Yearly limits against the caps that applied"), query(CAPS)),
)
