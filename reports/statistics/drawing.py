"""The charts of the statistics: each title says what is found, each figure that may not be shown is a dash."""

from collections.abc import Iterator
from decimal import ROUND_HALF_UP, Decimal

from django.utils.translation import get_language, pgettext
from django.utils.translation import gettext as _

from casework import charts
from casework.charts import Chart, Series
from policy import industry
from reports.statistics.report import Report, YearOfPath
from reports.statistics.tables import Row, Table, Words

MILLION = Decimal(1_000_000)


def word(words: Words) -> str:
    return words.zh if (get_language() or "").startswith("zh") else words.en


def whole(value) -> str:
    """RMB, USD and people without cents; the table of the file has them."""
    return f"{value:,.0f}"


def share(part, total) -> int | None:
    """Per cent, rounded; None where one of them is not public."""
    if part is None or not total:
        return None
    return int((100 * Decimal(part) / Decimal(total)).quantize(Decimal(1), ROUND_HALF_UP))


def drawn(report: Report, path: list[YearOfPath]) -> Iterator[Chart]:
    """Every chart of the page in its order; one of nothing is empty."""
    yield growth(report, path)
    yield markets(report, path)
    yield _ranking(report["tier"], "tier", _("Tier of the sector"), as_listed=True)
    yield _ranking(report["sector"], "sector", _("Sector"))
    yield _ranking(report["service"], "service", _("Kind of service"))
    yield _ranking(report["country"], "country", _("Client's country or region"))
    yield _ranking(report["district"], "district", _("District"))
    yield _ranking(report["park"], "park", _("Gathering area"))
    yield talent(report)
    yield from (schools(report, measure) for measure in ("hired_local", "hired_elsewhere"))
    yield classes(report)
    yield money(report)


def growth(report: Report, path: list[YearOfPath]) -> Chart:
    """The whole business against the path; of a year whose returns are not all in, as far as it is known."""
    year = report.year
    frame = industry.growth(year)
    now = next((each for each in path if each.year == year), None)
    title = _("The whole business and the path of %(percent)d %% a year") % {"percent": frame.percent}
    if now and now.total is not None and now.target is not None and year > frame.base_year:
        figures = {"year": year, "percent": frame.percent, "base": frame.base_year}
        gap = share(now.total - now.target, now.target)
        if now.total >= now.target:
            title = _("%(year)d: %(gap)d %% above the path of %(percent)d %% a year since %(base)d")
        else:
            title = _("%(year)d: %(gap)d %% below the path of %(percent)d %% a year since %(base)d")
        title %= figures | {"gap": abs(gap)}
        if not report.is_complete:
            title = _("So far: %(title)s") % {"title": title}
    return charts.lines(
        "growth",
        title,
        [str(each.year) for each in path],
        [
            Series(_("Whole business"), [_millions(each.total) for each in path]),
            Series(_("Path"), [_millions(each.target) for each in path], dashed=True),
        ],
        unit=_("million USD"),
        heading=_("Year"),
    )


def markets(report: Report, path: list[YearOfPath]) -> Chart:
    """Offshore and onshore, year by year."""
    table = report["market"]
    offshore = share(table.value("offshore", "usd"), table.value("total", "usd"))
    title = _("Offshore and onshore business")
    if offshore is not None:
        title = _("%(year)d: %(offshore)d %% offshore, %(onshore)d %% onshore") % {
            "year": report.year,
            "offshore": offshore,
            "onshore": 100 - offshore,
        }
    return charts.columns(
        "market",
        title,
        [str(each.year) for each in path],
        [
            Series(_("Offshore"), [_millions(each.offshore) for each in path]),
            Series(_("Onshore"), [_millions(each.onshore) for each in path]),
        ],
        unit=_("million USD"),
        heading=_("Year"),
    )


def _millions(value: Decimal | None) -> Decimal | None:
    return None if value is None else (value / MILLION).quantize(Decimal("0.01"), ROUND_HALF_UP)


def _ranking(table: Table, key: str, heading: str, *, as_listed: bool = False) -> Chart:
    """Bars of one table, the largest first and named in the title; `as_listed` keeps the order and rows of nothing."""
    rows = [row for row in table.rows if as_listed or row.values["usd"] != 0]
    if not as_listed:
        rows.sort(key=lambda row: (row.values["usd"] is None, -(row.values["usd"] or 0)))
    known = [row for row in rows if row.values["usd"]]
    title = heading
    if known:
        top = max(known, key=lambda row: row.values["usd"])
        title = _("%(heading)s: %(name)s is the largest with %(usd)s USD")
        if any(row.values["usd"] is None for row in rows):  # what is hidden may be larger
            title = _("%(heading)s: of those shown %(name)s is the largest with %(usd)s USD")
        title %= {
            "heading": heading,
            "name": word(top.name),
            "usd": whole(top.values["usd"]),
        }
    return _bars(key, title, rows, "usd", pgettext("unit", "USD"), heading)


def _bars(key: str, title: str, rows: list[Row], measure: str, unit: str, heading: str) -> Chart:
    return charts.stacked(
        key,
        title,
        [word(row.name) for row in rows],
        [Series(unit, [row.values.get(measure) for row in rows])],
        unit=unit,
        heading=heading,
        words=whole,
    )


def measure_name(measure: str) -> str:
    return {
        "usd": pgettext("unit", "USD"),
        "people": _("People"),
        "trained": _("Trained"),
        "certified": _("Certified"),
        "hired_local": _("Hired in Nanchang"),
        "hired_elsewhere": _("Hired elsewhere"),
        "awards": _("Number of awards"),
        "awarded_rmb": _("Awarded (RMB)"),
        "paid_rmb": _("Paid (RMB)"),
        "rmb_per_hire": _("RMB per hire"),
    }[measure]


def table_name(code: str) -> str:
    return {
        "market": _("Offshore and onshore"),
        "tier": _("Tiers of the sectors"),
        "sector": _("Sectors"),
        "service": _("ITO, BPO, KPO"),
        "country": _("Countries and regions"),
        "district": _("Districts"),
        "park": _("Gathering areas"),
        "people": _("People"),
        "talent": _("Talent"),
        "school_kind": _("Universities and secondary institutions"),
        "school": _("Schools"),
        "class_type": _("Kinds of classes"),
        "money": _("Awards and payments"),
        "per_hire": _("Subsidy per hire"),
    }[code]


def talent(report: Report) -> Chart:
    """Trained, certified, hired; empty where nobody was."""
    values = next(iter(report["talent"].rows)).values
    if not any(value is None or value for value in values.values()):
        values = {}
    known = [values.get("hired_local"), values.get("hired_elsewhere")]
    title = _("From training to a contract")
    if all(value is not None for value in known) and sum(known):
        title = _("%(count)d hired after training, %(percent)d %% of them in Nanchang") % {
            "count": sum(known),
            "percent": share(known[0], sum(known)),
        }
    return charts.stacked(
        "talent",
        title,
        [measure_name(name) for name in values],
        [Series(_("people"), list(values.values()))],
        unit=_("people"),
        heading=_("Step"),
        words=whole,
    )


def schools(report: Report, measure: str) -> Chart:
    rows = [row for row in report["school"].rows if row.values[measure] != 0]
    rows.sort(key=lambda row: (row.values[measure] is None, -(row.values[measure] or 0)))
    title = _("%(what)s, by school") % {"what": measure_name(measure)}
    if rows and all(row.values[measure] for row in rows):
        title = _("%(what)s: most come from %(name)s") % {
            "what": measure_name(measure),
            "name": word(rows[0].name),
        }
    return _bars(f"schools-{measure}", title, rows, measure, _("people"), _("School"))


def classes(report: Report) -> Chart:
    rows = [row for row in report["class_type"].rows if row.values["trained"] != 0]
    customised = report["class_type"].value("customised", "trained")
    everybody = report["talent"].value("all", "trained")
    title = _("Trained, by kind of class")
    if (percent := share(customised, everybody)) is not None:
        title = _("%(percent)d %% of the trained were in classes customised for an employer") % {
            "percent": percent
        }
    return _bars("class_type", title, rows, "trained", _("people"), _("Kind of class"))


def money(report: Report) -> Chart:
    rows = [row for row in report["money"].rows if row.values["awards"]]
    awarded = sum((row.values["awarded_rmb"] for row in rows), Decimal(0))
    paid = sum((row.values["paid_rmb"] for row in rows), Decimal(0))
    title = _("Awarded and paid for claims of the year")
    if awarded:
        title = _("%(paid)s of %(awarded)s RMB awarded for %(year)d are paid") % {
            "paid": whole(paid),
            "awarded": whole(awarded),
            "year": report.year,
        }
    return charts.stacked(
        "money",
        title,
        [word(row.name) for row in rows],
        [
            Series(_("Paid"), [row.values["paid_rmb"] for row in rows]),
            Series(_("Not paid yet"), [row.values["awarded_rmb"] - row.values["paid_rmb"] for row in rows]),
        ],
        unit=_("RMB"),
        heading=_("Programme"),
        words=whole,
    )
