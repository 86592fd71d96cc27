"""Talent of a year: trained, certified, hired here and elsewhere; by school, kind of school and kind of class."""

from collections import defaultdict
from collections.abc import Iterator

from django.utils.translation import gettext_lazy as _

from accounts.identifiers import is_nanchang
from reports.statistics.business import both
from reports.statistics.suppression import Figure
from reports.statistics.tables import Cell, Table, Words, tabulate
from training.enums import Education
from training.models import Enrolment

UNITS = {"talent": "people", "school_kind": "people", "school": "people", "class_type": "people"}
MEASURES = ("trained", "certified", "hired_local", "hired_elsewhere")
#: Of a person whose data were erased nobody knows the school any more.
UNKNOWN = "unknown"


def talent(year: int, least: int) -> dict[str, Table]:
    """Trainings that ended, certificates that were issued, contracts that were signed in the year."""
    return tabulate(_cells(year), UNITS, least)


def _found(year: int) -> Iterator[tuple[str, int, str, str, str, bool]]:
    """(measure, enrolment, person, education, school, customised) of everything that happened in the year."""
    common = (
        "pk",
        "trainee__identity_key",
        "trainee__education",
        "trainee__school",
        "training_class__customised_for",
    )
    dates = {
        "trained": "ends_on__year",
        "certified": "certificate__issued_on__year",
        "hired": "labour_contract__signed_on__year",
    }
    for measure, lookup in dates.items():
        more = ("labour_contract__employer__division",) if measure == "hired" else ()
        for pk, person, education, school, order, *division in Enrolment.objects.filter(
            **{lookup: year}
        ).values_list(*common, *more):
            name = measure
            if division:
                name = "hired_local" if is_nanchang(division[0]) else "hired_elsewhere"
            yield name, pk, person, education, school, bool(order)


def _cells(year: int) -> Iterator[Cell]:
    who: dict[tuple[str, str], dict] = defaultdict(dict)
    schools: dict[str, str] = {}
    for measure, pk, person, education, school, customised in _found(year):
        kind = UNKNOWN if not education else "secondary" if education == Education.SECONDARY else "university"
        schools[school or UNKNOWN] = kind
        for code in (
            "talent:all",
            f"school_kind:{kind}",
            f"school:{school or UNKNOWN}",
            f"class_type:{'customised' if customised else 'general'}",
        ):
            who[code, measure][measure, pk] = person
    names = {
        "talent:all": both(_("All")),
        "school_kind:university": both(_("Colleges and universities")),
        "school_kind:secondary": both(_("Secondary institutions")),
        f"school_kind:{UNKNOWN}": both(_("Not known")),
        "class_type:customised": both(_("Customised for an employer")),
        "class_type:general": both(_("General classes")),
    }
    shown = [code for code in names if code == "talent:all" or any(key[0] == code for key in who)]
    shown += [f"school:{school}" for school in sorted(schools)]
    names |= {f"school:{school}": Words(school, school) for school in schools}
    names[f"school:{UNKNOWN}"] = both(_("Not known"))
    for code in shown:
        table, _colon, name = code.partition(":")
        for measure in MEASURES:
            people = who[code, measure]
            parent = "" if code == "talent:all" else f"talent:all:{measure}"
            figure = Figure(f"{code}:{measure}", people, len(people), parent)
            yield Cell(table, name, names[code], measure, figure)
