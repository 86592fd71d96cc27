"""The spine shared by every programme: case, submissions, calculations, reviews, awards and their history."""

from casework.models.award import Award, AwardLine
from casework.models.calculation import Assessment, CalculationRun
from casework.models.case import Case, CaseQuerySet, Edge
from casework.models.cover import Conflict, Delegation
from casework.models.ground import Ground
from casework.models.history import CaseEvent, Submission, Transition
from casework.models.line import LineDecision
from casework.models.queue import Assignment, FiledReference, SavedView
from casework.models.recalculation import RecalculatedCase, Recalculation
from casework.models.remark import Remark
from casework.models.review import Review
from casework.models.second_look import Reopening

__all__ = [
    "Assessment",
    "Assignment",
    "Award",
    "AwardLine",
    "CalculationRun",
    "Case",
    "CaseEvent",
    "CaseQuerySet",
    "Conflict",
    "Delegation",
    "Edge",
    "Ground",
    "FiledReference",
    "LineDecision",
    "RecalculatedCase",
    "Recalculation",
    "Remark",
    "Reopening",
    "Review",
    "SavedView",
    "Submission",
    "Transition",
]
