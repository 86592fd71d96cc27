"""What happens to claims: filed, calculated, decided, noticed, objected to, taken back, reopened."""

from datetime import timedelta
from uuid import UUID

from django.utils import timezone

from casework.enums import Outcome, ReopeningCause, Stage, Status
from casework.models import Case, Reopening
from casework.services import calculation, filing, second_look
from notices.enums import Finding
from notices.models import Notice, NoticeEntry, Objection
from notices.services import objections, publishing
from tests import factories
from tests.payments.sequences.people import FUNDS, OFFSHORE_YEARS, NothingThere, People
from training.models import Trainee

#: The term of a notice that was published so long ago has ended.
LONG_AGO = timedelta(days=40)


class Claims(People):
    def file(self) -> None:
        organisation = self.chance.choice(self.enterprises)
        receipts = [str(self.amount(1_500_000)) for _n in range(self.chance.randint(1, 2))]
        factories.filed_offshore(
            organisation, self.clerks[organisation.pk], *receipts, year=self.chance.choice(OFFSHORE_YEARS)
        )

    def file_training(self) -> None:
        """For somebody new, sometimes for a person of the other school, too."""
        school = self.chance.choice(self.schools)
        others = Trainee.objects.exclude(institution=school).order_by("pk")
        fields = {}
        if self.likely(30) and (known := others.first()):
            fields = {"identity": known.reveal_identity(), "name": known.name}
            if school.trainees.filter(identity_key=known.identity_key).exists():
                raise NothingThere
        hired = factories.hired_trainee(self.classes[school.pk], employer=self.employer, **fields)
        factories.filed_training(school, self.clerks[school.pk], hired)

    def case(self, *statuses: Status) -> Case:
        return self.draw(Case.objects.filter(status__in=statuses).order_by("pk"))

    def calculate(self) -> None:
        for case in Case.objects.filter(runs__state="queued").distinct():
            factories.calculate(case)

    def recalculate(self) -> None:
        calculation.recalculate(case_id=self.case(*Status).pk, user=self.initial)

    def initial_review(self) -> None:
        case = self.case(Status.INITIAL_REVIEW)
        if case.current_assessment is None:
            raise NothingThere
        outcome = self.chance.choice((Outcome.PASS,) * 4 + (Outcome.RETURN, Outcome.PROPOSE_REJECTION))
        factories.decide(case, self.initial, Stage.INITIAL, outcome, "because")

    def approve(self) -> None:
        factories.decide(self.case(Status.FINAL_REVIEW), self.chance.choice(self.finals[:2]), Stage.FINAL)

    def send_back(self) -> None:
        factories.decide(
            self.case(Status.FINAL_REVIEW), self.finals[0], Stage.FINAL, Outcome.RETURN, "because"
        )

    def reject(self) -> None:
        factories.decide(
            self.case(Status.FINAL_REVIEW), self.finals[1], Stage.FINAL, Outcome.REJECT, "because"
        )

    def withdraw(self) -> None:
        case = self.case(Status.INITIAL_REVIEW, Status.FINAL_REVIEW, Status.RETURNED, Status.APPROVED)
        filing.withdraw(case_id=case.pk, user=self.clerks[case.organisation_id])

    def file_again(self) -> None:
        case = self.case(Status.RETURNED)
        filing.submit(case_id=case.pk, user=self.clerks[case.organisation_id])

    # Public notice and objections

    def notice(self) -> None:
        """Most notices have ended by now, some have just begun."""
        programme, year = self.chance.choice(FUNDS)
        draft = publishing.make_notice(user=self.initial, programme=programme, year=year)
        began = timezone.now() - (LONG_AGO if self.likely(80) else timedelta())
        publishing.publish_notice(user=self.finals[0], notice_id=draft.pk, version=draft.version, now=began)

    def withdraw_notice(self) -> None:
        """One that still runs; its awards wait for the next."""
        notice = self.draw(Notice.objects.exclude(state="withdrawn").order_by("pk"))
        publishing.withdraw_notice(
            user=self.initial, notice_id=notice.pk, version=notice.version, reason="draw"
        )

    def object(self) -> None:
        """A letter that came in during the term and is entered afterwards."""
        entry = self.draw(NoticeEntry.objects.filter(live=True, notice__state="published").order_by("pk"))
        objections.enter_paper(
            entry_id=entry.pk,
            token=UUID(int=self.chance.getrandbits(128)),
            objector="Somebody",
            contact="Post",
            grounds="draw",
            paper_number=f"P{Objection.objects.count()}",
            received_on=entry.notice.starts_on,
            user=self.initials[1],
        )

    def examine(self) -> None:
        """The organisation says its side, an official examines."""
        found = self.draw(Objection.objects.filter(state="received").order_by("pk"))
        clerk = self.clerks[found.case.organisation_id]
        found = objections.state_view(
            objection_id=found.pk, user=clerk, version=found.version, statement="draw"
        )
        objections.examine(
            objection_id=found.pk,
            user=self.initial,
            version=found.version,
            proposal=Finding.DISMISSED,
            examination="draw",
        )

    def answer(self) -> None:
        """Somebody who decided nothing of the case answers; upheld, it is reopened by others."""
        found = self.draw(Objection.objects.filter(state="examined").order_by("pk"))
        finding = Finding.UPHELD if self.likely(30) else Finding.DISMISSED
        objections.answer(
            objection_id=found.pk, user=self.finals[2], version=found.version, finding=finding, reason="draw"
        )

    # A second look

    def reopen(self) -> None:
        case = self.case(Status.APPROVED, Status.APPROVED, Status.REJECTED)
        given = {"cause": ReopeningCause.ERROR, "reason": "because", "version": case.version}
        second_look.propose(case_id=case.pk, user=self.initial, **given)

    def reopened(self) -> None:
        proposal = self.draw(Reopening.objects.filter(state="proposed").order_by("pk"))
        user, version = self.chance.choice(self.finals), proposal.case.version
        if self.likely(25):
            second_look.turn_down(reopening_id=proposal.pk, user=user, version=version, why="no")
        else:
            second_look.confirm(reopening_id=proposal.pk, user=user, version=version)
