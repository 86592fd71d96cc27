from tests.casework.conftest import fresh_database  # noqa: F401
