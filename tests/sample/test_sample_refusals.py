"""Where the sample is refused, or breaks off: nothing is written."""

import pytest
from django.core.management import CommandError

from accounts.models import Organisation, User
from audit.models import Record
from nanchang_portal.sample.codes import credit_code
from tests.factories import OrganisationFactory
from tests.sample.conftest import run


@pytest.mark.parametrize("command", ["load_sample", "sample_logins"])
def test_refused_where_sample_data_is_switched_off(command, db, settings):
    settings.SAMPLE_DATA = False
    with pytest.raises(CommandError, match="SAMPLE_DATA"):
        run(command)
    assert not User.objects.exists()


def test_a_load_that_breaks_off_leaves_nothing_behind(db, sample_allowed):
    OrganisationFactory(credit_code=credit_code(103, "360121", institution=True))
    with pytest.raises(CommandError, match="nothing was changed"):
        run("load_sample")
    assert not User.objects.exists()
    assert Organisation.objects.count() == 1
    assert not Record.objects.exists()
