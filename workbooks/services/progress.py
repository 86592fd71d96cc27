"""Says how far a worker is with an import, and stops it when somebody cancelled."""

import logging
import time

from django.db import DatabaseError, connection
from django.utils import timezone

from workbooks.enums import JobState, Step
from workbooks.models import ImportJob

log = logging.getLogger(__name__)


class Stopped(Exception):
    """Somebody cancelled the import while it ran."""


class Teller:
    """The progress of one pass: a check is reading and then comparing, a take-over comparing and then writing.

    Inside the transaction of a take-over nobody would see an update, so it goes through a connection of its own.
    """

    _READ = 80
    _COMPARED = 15
    _PAUSE = 0.3

    def __init__(self, job: ImportJob) -> None:
        self.job, self._aside, self._next = job, None, 0.0

    def reading(self, done: int, total: int) -> None:
        """Rows read of about so many; told a few times a second, however fast they come. Raises Stopped."""
        if done < total and time.monotonic() < self._next:
            return
        self._next = time.monotonic() + self._PAUSE
        share = self._READ if self.job.state == JobState.CHECKING else self._COMPARED
        self._say(Step.READING, share * done // total if total else 0, rows_done=done, rows_total=total)

    def comparing(self) -> None:
        """Every row is read; the whole is compared with the register. Raises Stopped."""
        if connection.in_atomic_block and self.job.state == JobState.IMPORTING:
            self._say_aside(Step.COMPARING, self._COMPARED)
        else:
            self._say(Step.COMPARING, self._READ)

    def writing(self, part: int, parts: int) -> None:
        """About to write this part of so many. Raises Stopped."""
        left = 100 - 2 * self._COMPARED
        self._say_aside(Step.WRITING, 2 * self._COMPARED + left * part // parts)

    def close(self) -> None:
        if self._aside is not None:
            self._aside.close()

    def _say(self, step: Step, percent: int, **more: int) -> None:
        going = ImportJob.objects.filter(pk=self.job.pk, state=self.job.state).update(
            step=step, percent=min(percent, 99), run_after=timezone.now(), **more
        )
        if not going:
            raise Stopped

    def _say_aside(self, step: Step, percent: int) -> None:
        """Asks in the transaction, tells outside of it; that nobody is told stops no work."""
        if not ImportJob.objects.filter(pk=self.job.pk, state=self.job.state).exists():
            raise Stopped
        try:
            if self._aside is None:
                self._aside = connection.copy()
                with self._aside.cursor() as cursor:
                    cursor.execute("SET lock_timeout = '200ms'")
            with self._aside.cursor() as cursor:
                cursor.execute(
                    "UPDATE workbooks_importjob SET step = %s, percent = %s, run_after = statement_timestamp()"
                    " WHERE id = %s AND state = %s",
                    [step.value, min(percent, 99), self.job.pk, self.job.state],
                )
        except DatabaseError as error:
            log.info("import %s: progress not told: %s", self.job.pk, type(error).__name__)
