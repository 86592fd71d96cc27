"""Public notices of the sample: two that have ended, one that runs with an objection to it, and a draft."""

import uuid
from datetime import timedelta

from django.utils import timezone

from accounts.models import User
from notices.models import Notice
from notices.services import objections, publishing
from policy.enums import ProgrammeCode

#: Programme and year of each notice, and how many days ago it was published; None for a draft.
NOTICES = (
    (ProgrammeCode.OFFSHORE, 2013, 60),
    (ProgrammeCode.OFFSHORE, 2014, 45),
    (ProgrammeCode.OFFSHORE, 2015, 0),
    (ProgrammeCode.OFFSHORE, 2016, None),
)
OBJECTION = {
    "objector": "示例群众（虚构）",
    "contact": "jubao@example.cn",
    "grounds": "该企业部分合同的发包方疑为其关联企业，请核实（虚构示例）。",
}


def create(users: dict[str, User]) -> None:
    """Publish by the same services as the pages; the objection concerns the first entry of the running notice."""
    for programme, year, ago in NOTICES:
        notice = publishing.make_notice(user=users["initial"], programme=programme, year=year)
        if ago is not None:
            notice = publishing.publish_notice(
                user=users["final"],
                notice_id=notice.pk,
                version=notice.version,
                now=timezone.now() - timedelta(days=ago),
            )
    running = Notice.objects.filter(published_at__isnull=False).latest("published_at")
    objections.object_to(
        entry_id=running.entries.order_by("position").first().pk,
        token=uuid.uuid5(uuid.NAMESPACE_URL, "sample-objection"),
        **OBJECTION,
    )
