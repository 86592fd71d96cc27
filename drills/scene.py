"""A portal of the drill's own, whole and empty, in a directory that is gone afterwards; nothing else is touched."""

from collections.abc import Iterator
from contextlib import contextmanager

from drills.clerk import Clerk
from drills.shape import own_directory
from tests import cluster
from tests.portal import Portal


@contextmanager
def own_portal(**env: str) -> Iterator[Portal]:
    """As `make run` starts it, without the sample data unless `SAMPLE_DATA` asks for them."""
    with own_directory() as directory:
        cluster.copy_to(directory / "data" / "pg")
        with Portal(directory / "data", **{"SAMPLE_DATA": "false"} | env) as portal:
            yield portal


@contextmanager
def portal_and_clerk() -> Iterator[tuple[Portal, Clerk]]:
    with own_portal() as portal, Clerk(portal) as clerk:
        yield portal, clerk
