"""A fund's money: two people bring it in, awards stand in order for it, and the database keeps every sum."""

from decimal import Decimal

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.enums import OfficialRole
from ledger import changes, funds
from ledger.enums import ChangeKind, EntryKind, ReservationState
from ledger.models import Balance, Entry, FundChange, Reservation
from ledger.refusals import FundRefused
from ledger.selectors import reserved_keys, waiting_keys
from ledger.shares import part_of, split
from tests import factories

W, R = ReservationState.WAITING, ReservationState.RESERVED
DISTRICT = "360102"


@pytest.fixture
def finance(db):
    return factories.official(OfficialRole.FINANCE)


@pytest.fixture
def finance2(db):
    return factories.official(OfficialRole.FINANCE)


@pytest.fixture
def bring(finance, finance2):
    def bring(amount: str, division: str = funds.CITY) -> FundChange:
        return factories.fund_change(finance, finance2, amount_rmb=Decimal(amount), division=division)

    return bring


@pytest.fixture
def reserve(finance):
    def reserve(key: str, amount: str, division: str = funds.CITY) -> list[Reservation]:
        return funds.reserve(
            key=key,
            programme="offshore",
            year=2015,
            division=division,
            amount_rmb=Decimal(amount),
            user=finance,
        )

    return reserve


def fund(division: str = funds.CITY) -> Balance:
    return Balance.objects.get(kind="fund", division=division)


def figures(division: str = funds.CITY) -> tuple[str, ...]:
    names = ("limit_rmb", "reserved_rmb", "committed_rmb", "paid_rmb", "recovered_rmb")
    return tuple(format(getattr(fund(division), name).normalize(), "f") for name in names)


def states() -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for part in Reservation.objects.order_by("key", "balance__division"):
        found.setdefault(part.key, []).append(part.state)
    return found


def code_of(call, **arguments) -> str:
    with pytest.raises(FundRefused) as refused:
        call(**arguments)
    return refused.value.code


def test_an_award_goes_from_reserved_to_recovered(bring, reserve, finance):
    bring("1000")
    reserve("award:A", "600")
    one = {"key": "award:A", "posting": "payment:1", "user": finance}
    assert figures() == ("1000", "600", "0", "0", "0")
    assert set(reserved_keys().values_list("key", flat=True)) == {"award:A"}
    funds.commit(**one, amount_rmb=Decimal(600))
    assert not reserved_keys()
    funds.uncommit(**one, amount_rmb=Decimal(600))
    assert set(reserved_keys().values_list("key", flat=True)) == {"award:A"}
    again = one | {"posting": "payment:2"}
    funds.commit(**again, amount_rmb=Decimal(600))
    funds.pay(**again, amount_rmb=Decimal(600))
    assert figures() == ("1000", "0", "0", "600", "0")
    funds.recover(key="award:A", posting="recovery:1", amount_rmb=Decimal(100), user=finance)
    assert figures() == ("1000", "0", "0", "600", "100")
    assert fund().left_rmb == Decimal(500)


def test_an_award_beyond_the_fund_waits_whole_and_nobody_overtakes(bring, reserve):
    bring("1000")
    reserve("award:A", "700")
    assert [part.state for part in reserve("award:B", "400")] == [W]
    # 300 are left, enough for C; but B came first.
    assert [part.state for part in reserve("award:C", "10")] == [W]
    assert set(waiting_keys().values_list("key", flat=True)) == {"award:B", "award:C"}
    bring("99")
    assert states() == {"award:A": [R], "award:B": [W], "award:C": [W]}
    bring("1")
    assert states() == {"award:A": [R], "award:B": [R], "award:C": [W]}
    bring("10")
    assert states() == {"award:A": [R], "award:B": [R], "award:C": [R]}
    assert fund().left_rmb == 0


def test_a_queue_is_served_by_one_statement_however_long(
    bring, reserve, finance, django_assert_max_num_queries
):
    for number in range(30):
        reserve(f"award:{number:02}", "10")
    reserve("award:large", "500")
    reserve("award:last", "1")
    bring("299.99")
    assert [key for key, (state,) in states().items() if state == W] == [
        "award:29",
        "award:large",
        "award:last",
    ]
    balances = funds.locked([fund()])
    with django_assert_max_num_queries(2):
        funds.serve(balances, user=finance)
    assert figures()[1] == "290"
    before = Entry.objects.count()
    bring("400.01")
    assert [key for key, (state,) in states().items() if state == W] == ["award:large", "award:last"]
    assert Entry.objects.count() == before + 2 and fund().left_rmb == Decimal("400.00")


def test_an_award_without_any_fund_waits(reserve):
    assert [part.state for part in reserve("award:A", "0.01")] == [W]
    assert figures() == ("0", "0", "0", "0", "0")


def test_released_and_recovered_money_serves_who_waits(bring, reserve, finance):
    bring("100")
    reserve("award:A", "60")
    reserve("award:B", "40")
    reserve("award:C", "40")
    reserve("award:D", "60")
    funds.release(key="award:B", posting="correction:1", amount_rmb=Decimal(40), user=finance)
    assert states()["award:C"] == [R] and states()["award:D"] == [W]
    one = {"key": "award:A", "posting": "payment:1", "amount_rmb": Decimal(60), "user": finance}
    funds.commit(**one)
    funds.pay(**one)
    funds.recover(**one | {"posting": "recovery:1"})
    assert states()["award:D"] == [R] and states()["award:A"] == [ReservationState.RECOVERED]


def test_who_leaves_the_queue_makes_room(bring, reserve, finance):
    bring("50")
    reserve("award:A", "60")
    reserve("award:B", "50")
    funds.release_award(key="award:A", user=finance)
    assert states() == {"award:A": [ReservationState.RELEASED], "award:B": [R]}


def test_city_and_district_pay_their_shares(bring, reserve, finance, finance2):
    factories.fund_change(finance, finance2, kind=ChangeKind.SHARE, city_percent=Decimal(60))
    bring("1000")
    bring("39.99", DISTRICT)
    assert [part.amount_rmb for part in reserve("award:A", "100.00", DISTRICT)] == [Decimal(60), Decimal(40)]
    # The city's part is reserved; as a whole the award waits for its district, and no other district waits for it.
    assert states() == {"award:A": [R, W]}
    with pytest.raises(FundRefused) as refused:
        funds.commit(key="award:A", posting="payment:1", amount_rmb=Decimal(10), user=finance)
    assert refused.value.code == "waiting"
    bring("40", "360103")
    reserve("award:B", "100.00", "360103")
    assert states()["award:B"] == [R, R]
    bring("0.01", DISTRICT)
    assert states()["award:A"] == [R, R]
    for number, amount in enumerate(("33.33", "33.33", "33.34")):
        one = {"key": "award:A", "posting": f"payment:{number}", "amount_rmb": Decimal(amount)}
        funds.commit(**one, user=finance)
        funds.pay(**one, user=finance)
    assert [part.paid_rmb for part in Reservation.objects.filter(key="award:A")] == [Decimal(60), Decimal(40)]


def test_a_district_s_own_share_stands_before_the_general_one(finance, finance2):
    factories.fund_change(
        finance, finance2, kind=ChangeKind.SHARE, city_percent=Decimal(30), division=DISTRICT
    )
    factories.fund_change(finance, finance2, kind=ChangeKind.SHARE, city_percent=Decimal(60))
    of = {"programme": "offshore", "year": 2015}
    shares = [funds.city_percent(**of, division=code) for code in (DISTRICT, "360103", "360100", "440300")]
    assert shares == [30, 60, 100, 100]


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.integers(0, 10**6), st.integers(0, 10000), st.lists(st.integers(0, 10**6), max_size=8))
def test_the_levels_of_every_step_add_up(amount, percent, steps):
    """Whatever parts an award is paid in, no level's part ever falls or passes its reservation."""
    parts = list(
        split(amount_rmb=Decimal(amount) / 100, percent=Decimal(percent) / 100, division=DISTRICT).values()
    )
    if not parts:
        return
    total, before = Decimal("0.00"), [Decimal("0.00")] * len(parts)
    for step in (Decimal(step) / 100 for step in steps):
        total = min(total + step, sum(parts))
        after = part_of(total, parts)
        assert sum(after) == total
        assert all(old <= new <= whole for old, new, whole in zip(before, after, parts, strict=True))
        before = after


@pytest.mark.parametrize(
    ("verb", "amount", "posting", "code"),
    [
        (funds.commit, "600.01", "payment:9", "too_much"),
        (funds.commit, "100", "payment:1", "posted"),
        (funds.commit, "0", "payment:9", "amount"),
        (funds.uncommit, "200.01", "payment:9", "too_much"),
        (funds.pay, "200.01", "payment:9", "too_much"),
        (funds.recover, "100.01", "recovery:9", "too_much"),
        (funds.release, "500.01", "release:9", "too_much"),
    ],
)
def test_what_is_not_there_cannot_move(bring, reserve, finance, verb, amount, posting, code):
    bring("1000")
    reserve("award:A", "800")
    for number, much in (("1", "100"), ("2", "200")):
        funds.commit(key="award:A", posting=f"payment:{number}", amount_rmb=Decimal(much), user=finance)
    funds.pay(key="award:A", posting="payment:1", amount_rmb=Decimal(100), user=finance)
    before = figures(), Entry.objects.count()
    with pytest.raises(FundRefused) as refused:
        verb(key="award:A", posting=posting, amount_rmb=Decimal(amount), user=finance)
    assert refused.value.code == code
    assert (figures(), Entry.objects.count()) == before


def test_a_batch_moves_all_or_nothing(bring, reserve, finance):
    bring("1000")
    for letter in "ABC":
        reserve(f"award:{letter}", "100")
    moves = [funds.Move(f"award:{letter}", f"payment:{letter}", Decimal(60)) for letter in "ABC"]
    for wrong, code in (
        (funds.Move("award:X", "payment:X", Decimal(1)), "unknown"),
        (funds.Move("award:A", "payment:A2", Decimal("40.01")), "too_much"),
        (moves[0], "posted"),
    ):
        assert code_of(funds.move, kind=EntryKind.COMMIT, moves=[*moves, wrong], user=finance) == code
        assert figures() == ("1000", "300", "0", "0", "0")
    funds.move(EntryKind.COMMIT, moves, user=finance)
    assert figures() == ("1000", "120", "180", "0", "0")


def test_a_batch_costs_the_same_number_of_queries_however_long(
    bring, reserve, finance, django_assert_num_queries
):
    bring("10000")
    for number in range(30):
        reserve(f"award:{number}", "100")
    moves = [funds.Move(f"award:{number}", f"payment:{number}", Decimal(60)) for number in range(30)]
    with django_assert_num_queries(10):
        funds.move(EntryKind.COMMIT, moves, user=finance)


def test_money_in_payment_is_not_taken_back(bring, reserve, finance):
    bring("1000")
    reserve("award:A", "100")
    funds.commit(key="award:A", posting="payment:1", amount_rmb=Decimal(1), user=finance)
    assert code_of(funds.release_award, key="award:A", user=finance) == "in_payment"


# Two people


def proposal(user, **fields):
    given = {
        "kind": ChangeKind.BUDGET,
        "programme": "offshore",
        "year": 2015,
        "document": "Fin 2015-1",
        "reason": "Budget of the year",
        "amount_rmb": Decimal(100),
    }
    return changes.propose(user=user, **given | fields)


def test_nothing_moves_before_a_second_person_confirms(finance, finance2):
    change = proposal(finance)
    assert figures() == ("0",) * 5
    admin = factories.UserFactory(is_staff=True, is_superuser=True)
    for user, code in ((finance, "role"), (factories.official(OfficialRole.FINAL_REVIEWER), "role")):
        assert code_of(changes.confirm, change_id=change.pk, user=user) == code
    own = proposal(admin)
    assert code_of(changes.confirm, change_id=own.pk, user=admin) == "role"
    changes.confirm(change_id=change.pk, user=finance2)
    assert code_of(changes.confirm, change_id=change.pk, user=finance2) == "decided"
    assert figures() == ("100", "0", "0", "0", "0")


def test_a_reduction_never_takes_what_is_reserved(bring, reserve, finance, finance2):
    bring("100")
    reserve("award:A", "60")
    change = proposal(finance, amount_rmb=Decimal("-40.01"))
    assert code_of(changes.confirm, change_id=change.pk, user=finance2) == "below_use"
    change.refresh_from_db()
    assert change.state == "proposed" and figures() == ("100", "60", "0", "0", "0")
    bring("-40")
    assert fund().left_rmb == 0


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"amount_rmb": Decimal(0)}, "amount"),
        ({"division": "440300"}, "division"),
        ({"document": " "}, "why"),
        ({"kind": ChangeKind.SHARE, "city_percent": Decimal("100.01")}, "percent"),
    ],
)
def test_a_wrong_proposal_is_refused(finance, fields, code):
    assert code_of(proposal, user=finance, **fields) == code
    assert not FundChange.objects.exists()


# The database by itself


@pytest.mark.parametrize(
    ("statement", "name"),
    [
        ("UPDATE ledger_balance SET limit_rmb = 5000", "ledger_balance_limit_is_fixed"),
        ("UPDATE ledger_balance SET paid_rmb = 1", "ledger_balance_moved_by_entries_only"),
        ("UPDATE ledger_reservation SET amount_rmb = 1", "ledger_reservation_moved_by_entries_only"),
        ("UPDATE ledger_reservation SET reserved_rmb = 90", "ledger_reservation_moved_by_entries_only"),
        ("DELETE FROM ledger_reservation", "Cannot delete"),
        ("TRUNCATE ledger_reservation CASCADE", "no_truncate"),
        ("DELETE FROM ledger_fundchange", "Cannot delete"),
        ("UPDATE ledger_fundchange SET amount_rmb = 5", "fund_change_decided_once"),
        (
            "UPDATE ledger_fundchange SET state = 'confirmed', decided_by_id = proposed_by_id, decided_at = now()"
            " WHERE state = 'proposed'",
            "fund_change_four_eyes",
        ),
        (
            "INSERT INTO ledger_entry (balance_id, kind, amount_rmb, key, posted_by_id, change_id)"
            " SELECT b.id, 'budget', 7, 'x', c.proposed_by_id, c.id FROM ledger_balance b, ledger_fundchange c"
            " WHERE c.state = 'proposed'",
            "ledger_budget_needs_confirmed_change",
        ),
        # Past the queue, beyond the budget, beyond the award, from a waiting award, without an award.
        (
            "INSERT INTO ledger_entry (balance_id, kind, amount_rmb, key, posted_by_id, reservation_id)"
            " SELECT balance_id, 'reserve', amount_rmb, key, queued_by_id, id FROM ledger_reservation"
            " WHERE key = 'award:C'",
            "ledger_first_come_first_served",
        ),
        (
            "INSERT INTO ledger_entry (balance_id, kind, amount_rmb, key, posted_by_id, reservation_id)"
            " SELECT balance_id, 'reserve', amount_rmb, key, queued_by_id, id FROM ledger_reservation"
            " WHERE key = 'award:B'",
            "ledger_balance_within_limit",
        ),
        (
            "INSERT INTO ledger_entry (balance_id, kind, amount_rmb, key, posted_by_id, reservation_id)"
            " SELECT balance_id, 'pay', 90.01, 'x', queued_by_id, id FROM ledger_reservation"
            " WHERE key = 'award:A'",
            "ledger_balance_not_negative",
        ),
        (
            "INSERT INTO ledger_entry (balance_id, kind, amount_rmb, key, posted_by_id, reservation_id)"
            " SELECT balance_id, 'commit', 1, 'x', queued_by_id, id FROM ledger_reservation"
            " WHERE key = 'award:B'",
            "ledger_commit_needs_reserved",
        ),
        (
            "INSERT INTO ledger_entry (balance_id, kind, amount_rmb, key, posted_by_id)"
            " SELECT balance_id, 'pay', 1, 'x', queued_by_id FROM ledger_reservation WHERE key = 'award:A'",
            "ledger_entry_of",
        ),
    ],
)
def test_sql_cannot_go_round_the_fund(bring, reserve, finance, statement, name):
    bring("100")
    reserve("award:A", "90")
    reserve("award:B", "80")
    reserve("award:C", "5")
    proposal(finance, amount_rmb=Decimal(7))
    before = figures(), states(), Entry.objects.count()
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        with pytest.raises(DatabaseError, match=name), transaction.atomic():
            cursor.execute(statement)
    assert (figures(), states(), Entry.objects.count()) == before


def test_a_reservation_is_served_whole(bring, reserve, finance):
    bring("100")
    part = reserve("award:A", "200")[0]
    entry = {"reservation": part, "balance_id": part.balance_id, "posted_by": finance, "key": "x"}
    with pytest.raises(IntegrityError, match="ledger_reservation_whole"), transaction.atomic():
        Entry.objects.create(kind=EntryKind.RESERVE, amount_rmb=Decimal(100), **entry)


# Taking an award back


def test_a_reversed_award_frees_allowance_and_fund(bring):
    from ledger.services import allowance, grant, reverse

    bring("1000")
    official = factories.official(OfficialRole.FINAL_REVIEWER)
    enterprise = factories.OrganisationFactory()
    balance = allowance(organisation=enterprise, programme="offshore", year=2015, limit_rmb=Decimal(500))
    for award in (1, 2):
        key = funds.award_key("OS-2015-000001", award)
        grant(balance=balance, amount_rmb=Decimal(500), key=key, user=official)
        funds.reserve(
            key=key,
            programme="offshore",
            year=2015,
            division=funds.CITY,
            amount_rmb=Decimal(500),
            user=official,
        )
        reverse(key=key, user=official)
        balance.refresh_from_db()
        assert balance.granted_rmb == 0 and fund().left_rmb == Decimal(1000)
        with pytest.raises(IntegrityError, match="ledger_entry_key_once"), transaction.atomic():
            reverse(key=key, user=official)
    assert [entry.kind for entry in balance.entries.order_by("pk")] == ["grant", "reversal"] * 2
