"""The spine shared by every programme: case, submissions, calculations, reviews, awards and their history."""

from casework.models.award import Award, AwardLine
from casework.models.calculation import Assessment, CalculationRun
from casework.models.case import Case, CaseQuerySet, Edge
from casework.models.ground import Ground
from casework.models.history import CaseEvent, Submission, Transition
from casework.models.remark import Remark
from casework.models.review import Review
from casework.models.second_look import Reopening

__all__ = [
    "Assessment",
    "Award",
    "AwardLine",
    "CalculationRun",
    "Case",
    "CaseEvent",
    "CaseQuerySet",
    "Edge",
    "Ground",
    "Remark",
    "Reopening",
    "Review",
    "Submission",
    "Transition",
]
