"""What payments compare when the portal reconciles: the fund's books, the bank's answers, and who acted."""

from collections.abc import Iterator
from hashlib import sha256

from django.utils.translation import gettext_lazy as _

from casework.checks import AWARDS_BY_KEY
from ledger.reconciling import Check, query
from payments.models import SampleDraw, TreasuryFile
from payments.sampling import pick

# Each payment's money in the fund's books, by its state; and nothing in them that no payment explains.
FUNDS = f"""
    WITH due AS (
        SELECT concat('payment:', p.number) AS posting, a.key AS award, p.state,
            CASE WHEN b.state IN ('released', 'sent', 'settled') AND p.state NOT IN ('planned', 'cancelled')
                THEN p.amount_rmb ELSE 0 END AS committed,
            CASE WHEN p.state = 'failed' THEN p.amount_rmb ELSE 0 END AS uncommitted,
            CASE WHEN p.state = 'paid' THEN p.amount_rmb ELSE 0 END AS paid
        FROM payments_payment p JOIN payments_batch b ON b.id = p.batch_id
        JOIN casework_awardline l ON l.id = p.award_line_id JOIN {AWARDS_BY_KEY} a ON a.id = l.award_id
    ), booked AS (
        SELECT e.key AS posting, r.key AS award,
            coalesce(sum(e.amount_rmb) FILTER (WHERE e.kind = 'commit'), 0) AS committed,
            coalesce(sum(e.amount_rmb) FILTER (WHERE e.kind = 'uncommit'), 0) AS uncommitted,
            coalesce(sum(e.amount_rmb) FILTER (WHERE e.kind = 'pay'), 0) AS paid
        FROM ledger_entry e JOIN ledger_reservation r ON r.id = e.reservation_id
        WHERE e.kind IN ('commit', 'uncommit', 'pay') GROUP BY e.key, r.key
    )
    SELECT concat_ws(' ', posting, award), concat_ws(' / ', due.committed, due.uncommitted, due.paid),
        concat_ws(' / ', booked.committed, booked.uncommitted, booked.paid)
    FROM due FULL JOIN booked USING (posting, award)
    WHERE (coalesce(due.committed, -1), coalesce(due.uncommitted, 0), coalesce(due.paid, 0))
        <> (coalesce(booked.committed, 0), coalesce(booked.uncommitted, 0), coalesce(booked.paid, 0))
"""

ONCE = """
    SELECT concat_ws(' ', c.number, l.payee, l.id), concat('one payment of ', l.amount_rmb),
        string_agg(concat_ws(' ', p.number, p.amount_rmb, p.state), ', ')
    FROM payments_payment p JOIN casework_awardline l ON l.id = p.award_line_id
    JOIN casework_award a ON a.id = l.award_id JOIN casework_case c ON c.id = a.case_id
    WHERE p.state NOT IN ('failed', 'cancelled')
    GROUP BY c.number, l.id
    HAVING count(*) > 1 OR bool_or(
        (p.amount_rmb, p.payee, p.case_id) <> (l.amount_rmb, l.payee, c.id) OR l.reversed_at IS NOT NULL
    )
"""

BATCHES = """
    SELECT b.number, concat_ws(' / ', b.count, b.total_rmb), concat_ws(' / ', s.count, s.total)
    FROM payments_batch b JOIN LATERAL (
        SELECT count(*) AS count, coalesce(sum(amount_rmb), 0) AS total
        FROM payments_payment WHERE batch_id = b.id AND state <> 'cancelled'
    ) s ON true
    WHERE b.state IN ('submitted', 'released', 'sent', 'settled') AND (b.count, b.total_rmb) <> (s.count, s.total)
"""

# What the bank said last of a payment, in a file or in a letter that two people took over.
ANSWERS = """
    SELECT p.number, concat_ws(' ', said.outcome, said.bank_reference, said.settled_on),
        concat_ws(' ', p.state, p.bank_reference, p.settled_on)
    FROM payments_payment p LEFT JOIN LATERAL (
        SELECT * FROM (
            SELECT n.outcome, n.bank_reference, n.settled_on, n.confirmed_at AS at
            FROM payments_bankanswer n WHERE n.payment_id = p.id AND n.confirmed_at IS NOT NULL
            UNION ALL
            SELECT l.outcome, l.bank_reference, l.settled_on, f.imported_at
            FROM payments_bankline l JOIN payments_bankfile f ON f.id = l.bank_file_id WHERE l.payment_id = p.id
        ) every ORDER BY at DESC LIMIT 1
    ) said ON true
    WHERE p.state IN ('paid', 'failed', 'unknown') AND p.set_off_rmb < p.amount_rmb AND (
        p.state IS DISTINCT FROM said.outcome OR p.state = 'paid' AND
        (p.bank_reference, p.settled_on) IS DISTINCT FROM (said.bank_reference, said.settled_on)
    )
"""

PEOPLE = """
    SELECT concat_ws(' ', b.number, c.number), 'another releaser', concat_ws(' / ', b.made_by_id, b.submitted_by_id,
        c.submitted_by_id, c.initial_reviewer_id, c.final_reviewer_id, b.released_by_id)
    FROM payments_batch b JOIN payments_payment p ON p.batch_id = b.id JOIN casework_case c ON c.id = p.case_id
    WHERE b.state IN ('released', 'sent', 'settled') AND p.state <> 'cancelled' AND (
        b.released_by_id IS NULL OR b.released_by_id IN (b.made_by_id, b.submitted_by_id, c.submitted_by_id,
        c.initial_reviewer_id, c.final_reviewer_id)
        OR EXISTS (
            SELECT 1 FROM casework_submission
            WHERE case_id = c.id AND submitted_by_id = b.released_by_id AND submitted_at <= b.released_at
        ) OR EXISTS (
            SELECT 1 FROM casework_review
            WHERE case_id = c.id AND reviewer_id = b.released_by_id AND at <= b.released_at
        )
    )
"""

# Each payment goes to the account that it names, and three people stood by that account.
ACCOUNTS = """
    SELECT p.number,
        concat_ws(' ', a.holder_name, a.number_masked, a.entered_by_id, a.confirmed_by_id, a.verified_by_id),
        concat_ws(' ', p.holder_name, p.account_masked)
    FROM payments_payment p JOIN payments_payeeaccount a ON a.id = p.account_id
    WHERE p.state <> 'cancelled' AND (
        (a.payee_name, a.holder_name, a.bank_name, a.branch, a.cnaps, a.number_masked) IS DISTINCT FROM
            (p.payee_name, p.holder_name, p.bank_name, p.branch, p.cnaps, p.account_masked)
        OR a.confirmed_by_id IS NULL OR a.verified_by_id IS NULL OR a.entered_by_id = a.confirmed_by_id
        OR a.verified_by_id IN (a.entered_by_id, a.confirmed_by_id)
    )
"""

# Nothing went to the bank of an award whose notice had not ended on that day, or of somebody who was barred.
DUE = """
    SELECT concat_ws(' ', b.number, p.number), 'a notice that ended before', coalesce(max(n.ends_on)::text, 'none')
    FROM payments_batch b JOIN payments_payment p ON p.batch_id = b.id AND p.state <> 'cancelled'
    JOIN casework_awardline l ON l.id = p.award_line_id
    LEFT JOIN notices_noticeentry e ON e.award_id = l.award_id
    LEFT JOIN notices_notice n ON n.id = e.notice_id AND n.state = 'published'
    WHERE b.state IN ('released', 'sent', 'settled')
    GROUP BY b.id, p.id
    HAVING coalesce(bool_and(n.ends_on >= (b.released_at AT TIME ZONE 'Asia/Shanghai')::date), true)
    UNION ALL
    SELECT concat_ws(' ', b.number, p.number), 'nobody who is barred', concat_ws(' to ', d.from_on, d.until_on)
    FROM payments_batch b JOIN payments_payment p ON p.batch_id = b.id AND p.state <> 'cancelled'
    JOIN casework_case c ON c.id = p.case_id
    JOIN payments_debarment d ON d.organisation_id = c.organisation_id AND d.state = 'confirmed'
        AND b.released_at > d.decided_at
        AND (b.released_at AT TIME ZONE 'Asia/Shanghai')::date BETWEEN d.from_on AND d.until_on
    WHERE b.state IN ('released', 'sent', 'settled')
"""

# What the fund's books say came back, against confirmed transfers and set-offs of paid payments.
CAME_BACK = f"""
    WITH came AS (
        SELECT concat('repayment:', r.id) AS posting, a.key AS award, r.amount_rmb
        FROM payments_repayment r JOIN payments_recoveryorder o ON o.id = r.order_id
        JOIN payments_payment p ON p.id = o.payment_id JOIN casework_awardline l ON l.id = p.award_line_id
        JOIN {AWARDS_BY_KEY} a ON a.id = l.award_id WHERE r.confirmed_at IS NOT NULL
        UNION ALL
        SELECT concat('set-off:', s.id), a.key, s.amount_rmb
        FROM payments_setoff s JOIN payments_payment kept ON kept.id = s.payment_id AND kept.state = 'paid'
        JOIN payments_recoveryorder o ON o.id = s.order_id JOIN payments_payment p ON p.id = o.payment_id
        JOIN casework_awardline l ON l.id = p.award_line_id JOIN {AWARDS_BY_KEY} a ON a.id = l.award_id
    ), booked AS (
        SELECT e.key AS posting, r.key AS award, sum(e.amount_rmb) AS amount_rmb
        FROM ledger_entry e JOIN ledger_reservation r ON r.id = e.reservation_id
        WHERE e.kind = 'recover' GROUP BY e.key, r.key
    )
    SELECT concat_ws(' ', posting, award), came.amount_rmb::text, booked.amount_rmb::text
    FROM came FULL JOIN booked USING (posting, award) WHERE came.amount_rmb IS DISTINCT FROM booked.amount_rmb
"""

# No order beyond its payment, nothing back beyond its order, each by two people and after a conclusion.
RECOVERY = """
    SELECT p.number, concat('at most ', p.amount_rmb), sum(o.amount_rmb)::text
    FROM payments_recoveryorder o JOIN payments_payment p ON p.id = o.payment_id
    WHERE o.state <> 'turned_down' GROUP BY p.number, p.amount_rmb HAVING sum(o.amount_rmb) > p.amount_rmb
    UNION ALL
    SELECT o.number, concat('at most ', o.amount_rmb), back.total::text
    FROM payments_recoveryorder o JOIN LATERAL (
        SELECT coalesce((
            SELECT sum(amount_rmb) FROM payments_repayment WHERE order_id = o.id AND confirmed_at IS NOT NULL
        ), 0) + coalesce((
            SELECT sum(s.amount_rmb) FROM payments_setoff s JOIN payments_payment p ON p.id = s.payment_id
            WHERE s.order_id = o.id AND p.state NOT IN ('failed', 'cancelled')
        ), 0) AS total
    ) back ON true WHERE back.total > CASE o.state WHEN 'confirmed' THEN o.amount_rmb ELSE 0 END
    UNION ALL
    SELECT o.number, 'two people after a conclusion', concat_ws(' / ', k.conclusion, o.proposed_by_id, o.decided_by_id)
    FROM payments_recoveryorder o JOIN payments_spotcheck k ON k.id = o.check_made_id
    WHERE o.state = 'confirmed' AND (
        o.decided_by_id IS NULL OR o.decided_by_id = o.proposed_by_id OR k.state <> 'concluded'
        OR k.conclusion NOT IN ('recover', 'fraud') OR k.concluded_by_id = k.found_by_id
    )
    UNION ALL
    SELECT p.number, p.set_off_rmb::text, coalesce(sum(s.amount_rmb), 0)::text
    FROM payments_payment p LEFT JOIN payments_setoff s ON s.payment_id = p.id
    WHERE p.state <> 'cancelled' GROUP BY p.id HAVING p.set_off_rmb <> coalesce(sum(s.amount_rmb), 0)
"""


def samples() -> Iterator[tuple]:
    """Each sample drawn again from its seed."""
    for draw in SampleDraw.objects.prefetch_related("checks__payment").iterator(chunk_size=20):
        again = set(pick(draw.seed, draw.population, draw.size))
        drawn = {check.payment.number for check in draw.checks.all()}
        for number in sorted(again ^ drawn):
            yield f"{draw} {number}", "drawn" if number in again else "not drawn", "the other"


def files() -> Iterator[tuple]:
    """The treasury's files against the hash that was released."""
    for file in TreasuryFile.objects.select_related("batch").iterator(chunk_size=20):
        if (found := sha256(file.content).hexdigest()) != file.sha256:
            yield f"{file.batch.number} {file.format}", file.sha256, found


CHECKS = (
    Check("payments.fund", _("Payments against the fund's books"), query(FUNDS)),
    Check("payments.once", _("One payment for each award line"), query(ONCE)),
    Check("payments.batch", _("Batches against their payments"), query(BATCHES)),
    Check("payments.answer", _("Outcomes against the bank's answers"), query(ANSWERS)),
    Check("payments.people", _("Released by a person who did nothing else"), query(PEOPLE)),
    Check("payments.account", _("Payments against the accounts that three people stood by"), query(ACCOUNTS)),
    Check("payments.due", _("Paid after the public notice, and to nobody who is barred"), query(DUE)),
    Check("payments.came_back", _("Repayments and set-offs against the fund's books"), query(CAME_BACK)),
    Check("payments.recovery", _("Recovery within what was ordered, by two people"), query(RECOVERY)),
    Check("payments.sample", _("Random samples drawn again from their seeds"), samples),
    Check("payments.file", _("Treasury files against their hashes"), files),
)
