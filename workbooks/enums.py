from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class JobState(models.TextChoices):
    """Where an import stands."""

    #: In quarantine: nothing parses it before the virus scanner has passed it.
    UPLOADED = "uploaded", _("Waiting to be checked")
    CHECKING = "checking", _("Being checked")
    CHECKED = "checked", _("Checked")
    IMPORTING = "importing", _("Being taken over")
    DONE = "done", _("Taken over")
    CANCELLED = "cancelled", pgettext_lazy("import", "Cancelled")
    FAILED = "failed", _("Could not be read")


class Step(models.TextChoices):
    """What a worker is doing to an import just now."""

    WAITING = "waiting", _("A worker will begin in a moment.")
    NO_SCANNER = (
        "no_scanner",
        _(
            "The virus scanner does not answer. The file stays closed until it was checked; the portal tries again."
        ),
    )
    READING = "reading", _("Reading and checking each row.")
    COMPARING = "comparing", _("Comparing with what is registered.")
    WRITING = "writing", _("Writing the records; nothing counts before the last one is written.")


#: A worker has something to do.
BUSY = (JobState.UPLOADED, JobState.CHECKING, JobState.IMPORTING)
#: Nobody need have looked at the file: it waits, or is not read any more.
UNREAD = (JobState.UPLOADED, JobState.CANCELLED, JobState.FAILED)
CLOSED = (JobState.DONE, JobState.CANCELLED, JobState.FAILED)


class Effect(models.TextChoices):
    """What a row does to the record that it names."""

    ADDED = "added", _("added")
    CHANGED = "changed", pgettext_lazy("import", "changed")
    UNCHANGED = "unchanged", _("unchanged")
