"""A finished simulation of each programme: the reading "at least" beside the one in force, on the sample's cases.

Beside it a recalculation whose preview waits for a second person.
"""

from django.utils import timezone

from accounts.models import User
from casework.services import recalculation
from policy.enums import ProgrammeCode
from policy.models import PolicyVersion
from policy.practice import FIRST_YEAR
from simulations.services import asking, freezing, running

QUESTIONS = {
    ProgrammeCode.OFFSHORE: "起点改按“不低于”执行，多付多少、涉及哪些企业？",
    ProgrammeCode.TRAINING: "培训期与合同期改按“不少于”执行，多补多少人？",
}


def create(users: dict[str, User]) -> None:
    for programme, question in QUESTIONS.items():
        simulation = asking.ask(
            user=users["policy"],
            programme=programme,
            versions=[PolicyVersion.objects.get(programme=programme, code="2013-gte")],
            first_year=FIRST_YEAR,
            last_year=timezone.localdate().year,
            question=question,
        )
        freezing.freeze(simulation.pk)
        for chunk in simulation.chunks.all():
            running.run_chunk(chunk.pk)
    again = recalculation.propose(
        user=users["policy"], programme=ProgrammeCode.OFFSHORE, reason="示例：年度复核，按现行版本重新核算。"
    )
    recalculation.work(again.pk)
