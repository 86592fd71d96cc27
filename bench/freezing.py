"""How fast the inputs of filed claims come into columns, the step before a first recomputation; once for each claim."""

from typing import Any

from bench import city
from bench.measure import Clock, ratios, show

CLAIMS, LINES = 100, 100


def measure() -> dict[str, Any]:
    """Prints the table and the JSON: `recomputations.services.freeze_batch` against reading the same JSON in Python."""
    import random

    from casework.models import Submission
    from drills.bulk import City, terms_of, trainees
    from policy.rules.money import ZERO
    from policy.selectors import thawed
    from recomputations import services

    city.clear()
    terms = thawed("training", terms_of("training")[0])
    chance, claims = random.Random(1), City("training")
    for _ in range(CLAIMS):
        snapshot = {"organisation": {"credit_code": "C"}, "lines": trainees(chance, terms, LINES)}
        claims.claim(snapshot, {"subsidised": []}, [], ZERO, "2013", 2016)
    claims.write()
    clock = Clock()
    count = sum(len(filed.snapshot["lines"]) for filed in Submission.objects.order_by("-pk")[:CLAIMS])
    read = clock.read()
    clock, after = Clock(), 0
    while (after := services.freeze_batch("training", after=after)) is not None:
        pass
    times = {"read the JSON": read, "into columns": clock.read()}
    ((frozen,),) = city.run("SELECT sum(trainees) FROM training_frozenclaim")
    assert frozen == count == CLAIMS * LINES, (frozen, count)
    return show("into_columns", count, times, ratios(times, (("read the JSON", "into columns"),)), targets={})
