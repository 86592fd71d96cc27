from django.db import models
from django.utils.translation import pgettext_lazy


class SimulationState(models.TextChoices):
    """Asked for, its inputs are frozen; then its chunks are calculated."""

    PLANNED = "planned", pgettext_lazy("simulation", "Freezing the inputs")
    RUNNING = "running", pgettext_lazy("simulation", "Calculating")
    DONE = "done", pgettext_lazy("simulation", "Finished")
    CANCELLED = "cancelled", pgettext_lazy("simulation", "Stopped")
    FAILED = "failed", pgettext_lazy("simulation", "Failed")


#: What a worker still has to do.
BUSY = (SimulationState.PLANNED, SimulationState.RUNNING)


class ChunkState(models.TextChoices):
    WAITING = "waiting", pgettext_lazy("chunk of a simulation", "Waits")
    DONE = "done", pgettext_lazy("chunk of a simulation", "Done")
    FAILED = "failed", pgettext_lazy("chunk of a simulation", "Failed")
