"""Tell the workers. A broker that is down costs nothing but the wait for the sweeper: the rows are the outbox."""

import logging
from collections.abc import Iterable

log = logging.getLogger(__name__)


def freeze(simulation_id: int) -> None:
    from simulations import tasks

    _send(tasks.freeze, [simulation_id])


def chunks(ids: Iterable[int]) -> None:
    from simulations import tasks

    _send(tasks.calculate, ids)


def _send(task, ids: Iterable[int]) -> None:
    from kombu.exceptions import OperationalError

    try:
        for pk in ids:
            task.delay(pk)
    except (OperationalError, OSError) as error:
        log.warning("broker unreachable, simulations wait for the sweeper: %s", error)
