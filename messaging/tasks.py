import logging

from celery import shared_task
from kombu.exceptions import OperationalError

from messaging import post, services

log = logging.getLogger(__name__)


@shared_task(name="messaging.collect")
def collect() -> None:
    """Messages of what happened, then a nudge for every mail that is due; beat calls this every few seconds."""
    services.collect()
    nudge()


@shared_task(name="messaging.digest")
def digest() -> None:
    post.gather_digests()


@shared_task(name="messaging.deliver")
def deliver(mail_id: int) -> None:
    post.deliver(mail_id)


def nudge() -> None:
    """A broker that is down costs nothing but the wait for the next round."""
    try:
        for mail_id in post.due():
            deliver.delay(mail_id)
    except (OperationalError, OSError) as error:
        log.warning("broker unreachable, mails wait: %s", error)
