"""What is deleted because nobody needs it any more; for how long it is kept stands in policy/data/practice.toml."""

import logging
from datetime import timedelta

from django.core.management import call_command
from django.utils import timezone

from policy.practice import practice

log = logging.getLogger(__name__)


def forget() -> dict[str, int]:
    """Every kind once; how many went. May run twice, and in batches: what is left goes the next night."""
    from accounts import members
    from messaging import services as messaging
    from training.services import privacy

    def before(term: str):
        return timezone.now() - timedelta(days=practice(term, timezone.localdate()))

    call_command("clearsessions")
    found = {
        "messages": messaging.forget(before=before("keep_messages_days")),
        "invitations": members.forget_invitations(ended_before=before("keep_invitations_days")),
        "trainees": privacy.forget_unclaimed(),
    }
    log.info("forgotten", extra={"fields": found})
    return found
