from tests.access.conftest import _built, world  # noqa: F401
from tests.casework.conftest import fresh_database  # noqa: F401
