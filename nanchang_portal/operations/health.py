"""Whether each part is well, for the officials' page, for machines and for Prometheus."""

import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

from django.conf import settings
from django.core.cache import cache
from django.db import connection
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from audit import seals
from documents.scanning import Scanner, ScannerUnavailable
from ledger.selectors import last_reconciliation
from nanchang_portal import database_roles
from nanchang_portal.celery import app
from nanchang_portal.operations import work
from nanchang_portal.operations.tasks import BEAT, HEARTBEAT, WORKER

SIGN_SECONDS = 120  # how old a sign of life may be
OUTBOX_SECONDS = 300
DISK_SHARE = 0.9
DAILY_SECONDS = 26 * 3600  # a day, and some time until it is made


@dataclass(frozen=True)
class Check:
    """One thing that was looked at; `value` is what was measured, in `unit` (seconds, share, count)."""

    name: str
    label: str
    ok: bool
    says: str
    value: float | None = None
    unit: str = ""


LABELS = {
    "database": gettext_lazy("Database"),
    "role": gettext_lazy("Database user"),
    "broker": gettext_lazy("Message broker"),
    "cache": gettext_lazy("Cache"),
    "beat": gettext_lazy("Scheduler"),
    "worker": gettext_lazy("Background workers"),
    "heartbeat": gettext_lazy("From the scheduler to a worker and done"),
    "outbox": gettext_lazy("Oldest waiting work"),
    "scanner": gettext_lazy("Virus scanner"),
    "disk": gettext_lazy("Disk"),
    "seal": gettext_lazy("Last audit seal"),
    "reconcile": gettext_lazy("Last reconciliation"),
}


def checks() -> Iterator[Check]:
    """Every check in order; one that fails by itself is not well."""
    for name, look in LOOKS.items():
        try:
            ok, says, value, unit = look()
        except Exception as error:  # what is broken is what this page is for
            ok, says, value, unit = (
                False,
                _("No answer (%(kind)s)") % {"kind": type(error).__name__},
                None,
                "",
            )
        yield Check(name, str(LABELS[name]), ok, says, value, unit)


Answer = tuple[bool, str, float | None, str]


def _database() -> Answer:
    started = time.perf_counter()
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return True, _("Answers"), time.perf_counter() - started, "seconds"


def _role() -> Answer:
    if database_roles.owns_tables():
        return False, _("Owns the tables: give this process the user that owns nothing."), None, ""
    return True, _("Owns nothing"), None, ""


def _broker() -> Answer:
    with app.connection_for_write(connect_timeout=1) as broker:
        broker.ensure_connection(max_retries=0, timeout=1)
    return True, _("Answers"), None, ""


def _cache() -> Answer:
    cache.set("operations.probe", "1", 10)
    ok = cache.get("operations.probe") == "1"
    return ok, _("Answers") if ok else _("No answer"), None, ""


def _alive(name: str) -> Answer:
    sign = cache.get(name)
    if sign is None:
        return False, _("No sign of life yet"), None, "seconds"
    age = max(0.0, time.time() - sign)
    return age <= SIGN_SECONDS, _("Last sign of life %(age)s ago") % {"age": duration(age)}, age, "seconds"


def _outbox() -> Answer:
    age = max((kind.oldest_seconds for kind in work.overview()), default=0.0)
    says = _("Waits for %(age)s") % {"age": duration(age)} if age else _("Nothing waits")
    return age <= OUTBOX_SECONDS, says, age, "seconds"


def _scanner() -> Answer:
    if not settings.CLAMD_URL:
        return not settings.SCANNER_REQUIRED, _("Not set up"), None, ""
    try:
        return True, Scanner(settings.CLAMD_URL).version(), None, ""
    except ScannerUnavailable:
        return False, _("No answer"), None, ""


def _disk() -> Answer:
    usage = shutil.disk_usage(settings.DATA_DIR)
    share = usage.used / usage.total
    says = _("%(share)s %% used, %(free)s GB free") % {
        "share": round(100 * share),
        "free": round(usage.free / 1e9, 1),
    }
    return share < DISK_SHARE, says, share, "share"


def _seal() -> Answer:
    last = seals.last_seal()
    if last is None:
        return False, _("No seal yet"), None, "seconds"
    age = (timezone.now() - last.at).total_seconds()
    says = _("No. %(number)s, %(age)s ago") % {"number": last.number, "age": duration(age)}
    return age <= DAILY_SECONDS, says, age, "seconds"


def _reconcile() -> Answer:
    run = last_reconciliation()
    if run is None:
        return False, _("No reconciliation yet"), None, "seconds"
    age = (timezone.now() - run.finished_at).total_seconds()
    says = _("%(number)s differences, %(age)s ago") % {"number": run.count, "age": duration(age)}
    return run.count == 0 and age <= DAILY_SECONDS, says, age, "seconds"


LOOKS: dict[str, Callable[[], Answer]] = {
    "database": _database,
    "role": _role,
    "broker": _broker,
    "cache": _cache,
    "beat": partial(_alive, BEAT),
    "worker": partial(_alive, WORKER),
    "heartbeat": partial(_alive, HEARTBEAT),
    "outbox": _outbox,
    "scanner": _scanner,
    "disk": _disk,
    "seal": _seal,
    "reconcile": _reconcile,
}


def duration(seconds: float) -> str:
    """A length of time in the largest unit that suits: 40 s, 12 min, 3 h, 2 d."""
    for size, text in ((86400, _("%(n)s d")), (3600, _("%(n)s h")), (60, _("%(n)s min"))):
        if seconds >= 2 * size:
            return text % {"n": int(seconds // size)}
    return _("%(n)s s") % {"n": int(seconds)}
