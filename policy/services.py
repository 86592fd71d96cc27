"""What officials change of the policy's surroundings."""

from django.db import transaction
from django.utils import timezone

from accounts.enums import OfficialRole
from accounts.models import User
from accounts.permissions import has_role
from audit import services as audit
from policy.models import WorkdayOverride


class NotPermitted(Exception):
    """The person lacks the role for this change."""


@transaction.atomic
def set_workday(*, user: User, row: WorkdayOverride) -> WorkdayOverride:
    """Say of one day whether it is a working day. Terms that run are counted by the new calendar from now on.

    Raises NotPermitted, or ValidationError for a day that has a row already or a row without its source.
    """
    if not has_role(user, OfficialRole.POLICY_EDITOR):
        raise NotPermitted
    row.changed_by, row.changed_at = user, timezone.now()
    row.full_clean()
    row.save()
    audit.record(
        actor=user,
        action="policy.workday_set",
        obj=row,
        stream="policy.workdayoverride",
        data={"day": row.day, "is_workday": row.is_workday, "source": row.source},
    )
    return row
