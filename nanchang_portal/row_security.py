"""Row-level security: which organisation a row belongs to, and the policies that follow from it.

`OWN` leads from each table to its organisation, by a column or by the row above it. `OFFICE` is read by officials and
workers alone; so is `APART`, by rights instead of policies. What stands in none of them belongs to nobody, to a person,
or is public: tests/access knows each of them.
The policies are made for the application's database user by `database_roles.set_up`; the tables' owner and the wide
companion see every row. See decision 38.
"""

from django.apps import apps
from psycopg import sql

from accounts.models import Organisation

OWN = {
    "casework.Case": "organisation",
    "casework.Transition": "case",
    "casework.Submission": "case",
    "casework.CaseEvent": "case",
    "casework.CalculationRun": "case",
    "casework.Assessment": "case",
    "casework.Award": "case",
    "casework.AwardLine": "award",
    "casework.Review": "case",
    "casework.Ground": "review",
    "casework.LineDecision": "case",
    "casework.Assignment": "case",
    "casework.FiledReference": "case",
    "casework.Remark": "case",
    "casework.Reopening": "case",
    "ledger.Balance": "organisation",
    "ledger.Reservation": "balance",
    "ledger.Entry": "balance",
    "notices.Letter": "case",
    "notices.LetterFile": "letter",
    "notices.Objection": "case",
    "payments.PayeeAccount": "organisation",
    "payments.Payment": "case",
    "payments.BankAnswer": "payment",
    "payments.Hold": "case",
    "payments.PaymentEvent": "case",
    "payments.SpotCheck": "case",
    "payments.Debarment": "organisation",
    "payments.RecoveryOrder": "organisation",
    "payments.Repayment": "order",
    "payments.SetOff": "order",
    "documents.Document": "organisation",
    "documents.FiledDocument": "case",
    "workbooks.ImportJob": "organisation",
    "workbooks.ImportFault": "job",
    "workbooks.SourceRow": "job",
    "applications.Contract": "organisation",
    "applications.BusinessReturn": "organisation",
    "applications.BusinessLine": "business_return",
    "applications.OffshoreClaim": "case",
    "applications.Receipt": "claim",
    "training.TrainingClass": "institution",
    "training.Trainee": "institution",
    "training.Erasure": "trainee",
    "training.Enrolment": "trainee",
    "training.Certificate": "institution",
    "training.LabourContract": "enrolment",
    "training.TrainingClaim": "case",
    "training.ClaimLine": "claim",
}
OFFICE = {
    "accounts.FactorReset",
    "casework.Delegation",
    "casework.Conflict",
    "casework.SavedView",
    "casework.Recalculation",
    "casework.RecalculatedCase",
    "payments.Series",
    "payments.TreasuryFile",
    "payments.SampleDraw",
    "payments.PersonFile",
    "payments.PersonSide",
    "payments.BankFile",
    "payments.BankLine",
    "simulations.Simulation",
    "simulations.Alternative",
    "simulations.Chunk",
    "simulations.SimulatedCase",
    "recomputations.Recomputation",
    "recomputations.Part",
    "recomputations.Frozen",
}
#: Written by workers in one piece and read by officials: the application's user has no right to them at all, its wide
#: companion has. They carry no policy, since PostgreSQL copies into no table that has one.
APART = {
    "simulations.SimulatedResult",
    "applications.FrozenClaim",
    "applications.RecomputedClaim",
    "training.FrozenClaim",
    "training.RecomputedLine",
}
#: The organisations of the request's person, worked out once for a statement and not for each row.
OF_PERSON = (
    "(SELECT array_agg(m.organisation_id) FROM accounts_membership m "
    "WHERE m.user_id = nullif(current_setting('portal.person', true), '')::bigint)"
)


def policies() -> dict[str, str]:
    """What the application's user sees of each walled table, as an SQL condition."""
    found = {apps.get_model(label)._meta.db_table: "false" for label in OFFICE}
    for label, name in OWN.items():
        model = apps.get_model(label)
        field = model._meta.get_field(name)
        table, column = model._meta.db_table, field.column
        if field.related_model is Organisation:
            found[table] = f"{column} = ANY ({OF_PERSON}::bigint[])"
        else:
            above = field.related_model._meta
            if above.label not in OWN:
                raise LookupError(f"{label} leads to {above.label}, which leads to no organisation.")
            # The row above is looked at through its own policy.
            found[table] = (
                f"EXISTS (SELECT FROM {above.db_table} above WHERE above.{above.pk.column} = {table}.{column})"
            )
    return found


def install(cursor, *, role: str, wide: str) -> None:
    """Brings tables and policies to `policies()`; what is so already is not locked."""
    cursor.execute(
        """
        SELECT c.relname, c.relrowsecurity, p.polname, obj_description(p.oid, 'pg_policy')
        FROM pg_class c LEFT JOIN pg_policy p ON p.polrelid = c.oid
        WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')
        """
    )
    present: dict[str, tuple[bool, dict[str, str]]] = {}
    for table, enabled, name, comment in cursor.fetchall():
        present.setdefault(table, (enabled, {}))[1].update({name: comment} if name else {})
    names = {"role": sql.Identifier(role), "wide": sql.Identifier(wide)}

    def run(text: str, **more: sql.Composable) -> None:
        cursor.execute(sql.SQL(text).format(**names, **more).as_string(cursor.connection))

    wanted = policies()
    for table, (enabled, existing) in sorted(present.items()):
        condition = wanted.get(table)
        made = (
            {} if condition is None else {"portal_own": f"{role}: {condition}", "portal_all": f"{wide}: true"}
        )
        if enabled == bool(made) and existing == made:
            continue
        name = sql.Identifier(table)
        for policy in existing:
            run("DROP POLICY {policy} ON {table}", policy=sql.Identifier(policy), table=name)
        if condition is None:
            run("ALTER TABLE {table} DISABLE ROW LEVEL SECURITY", table=name)
            continue
        what = sql.SQL(condition)
        run("CREATE POLICY portal_own ON {table} TO {role} USING ({what})", table=name, what=what)
        run("CREATE POLICY portal_all ON {table} TO {wide} USING (true)", table=name)
        for policy, comment in made.items():
            run(
                "COMMENT ON POLICY {policy} ON {table} IS {comment}",
                policy=sql.Identifier(policy),
                table=name,
                comment=sql.Literal(comment),
            )
        run("ALTER TABLE {table} ENABLE ROW LEVEL SECURITY", table=name)
