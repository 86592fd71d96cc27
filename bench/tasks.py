"""A task for each row, as such portals do it; only the measurement's worker knows it."""

from celery import shared_task
from django.db import models

from bench import city
from bench.awards import model
from policy.enums import ProgrammeCode
from policy.rules.training import assess_trainee
from policy.selectors import published_terms
from training.bulk import facts_at
from training.frozen import FrozenClaim

Award = model(
    "BenchTaskRow",
    "bench_rows",
    {
        "trainee_rmb": models.DecimalField(max_digits=14, decimal_places=2),
        "institution_rmb": models.DecimalField(max_digits=14, decimal_places=2),
        "trace": models.JSONField(),
    },
)


@shared_task(name="bench.one_row")
def one_row(number: int) -> None:
    """One trainee through objects: loaded, assessed with all steps, saved."""
    claim, position = divmod(number - 1, city.CLAIM_LINES)
    claim = FrozenClaim.objects.get(pk=city.FIRST + 1 + claim)
    (terms,) = published_terms(ProgrammeCode.TRAINING)
    result = assess_trainee(facts_at(claim, position), terms)
    Award.objects.create(
        id=number,
        trainee_rmb=result.trainee_rmb,
        institution_rmb=result.institution_rmb,
        trace=[step.to_json() for step in result.steps],
    )
