"""Whoever makes a personal number readable writes it down: every place in the code that decrypts is named here."""

import ast

import pytest

from tests.portal import BASE

ROOMS = "accounts applications casework documents ledger messaging notices payments policy reports training workbooks"
DECRYPTING = {"decrypt", "unseal", "reveal_identity", "reveal_number", "reveal_account"}
#: Where something is decrypted, and the record that says so. None: it does not leave the server in clear.
PLACES = {
    "accounts/adapter.py::decrypt": None,  # secrets of second factors, for comparing codes
    "accounts/second_factor_forms.py::accept": None,
    "training/services/privacy.py::reveal_identity": "trainee.identity_revealed",
    "training/services/privacy.py::export_data": "trainee.data_exported",
    "training/web/privacy.py::reveal": None,  # shows what the service above gave
    "payments/services/accounts.py::reveal_account": "payment.account_revealed",
    "payments/desk/account_admin.py::reveal_view": None,  # shows what the service above gave
    "accounts/waiting_steps.py::take": None,  # what somebody typed goes back to them, in their session
    "payments/treasury.py::line_of": None,  # a line of the file, encrypted again; its download is written down
}


def decrypting() -> set[str]:
    found = set()
    for room in ROOMS.split():
        for path in (BASE / room).rglob("*.py"):
            if (
                "migrations" in path.parts
                or "models" in path.parts
                or path.name in ("models.py", "crypto.py")
            ):
                continue
            for function in ast.walk(ast.parse(path.read_text())):
                if isinstance(function, ast.FunctionDef):
                    called = {
                        getattr(call.func, "attr", getattr(call.func, "id", ""))
                        for call in ast.walk(function)
                        if isinstance(call, ast.Call)
                    }
                    if called & DECRYPTING:
                        found.add(f"{path.relative_to(BASE)}::{function.name}")
    return found


def test_every_place_that_decrypts_is_known():
    assert decrypting() == set(PLACES)


@pytest.mark.parametrize(("place", "action"), [item for item in PLACES.items() if item[1]])
def test_it_is_written_down_first(place, action):
    path, _colons, name = place.partition("::")
    source = (BASE / path).read_text()
    function = next(
        node
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.FunctionDef) and node.name == name
    )
    text = ast.get_source_segment(source, function)
    assert text.index(f'"{action}"') < max(
        text.rindex(f"{word}(") for word in DECRYPTING if f"{word}(" in text
    )


def test_what_is_kept_in_files_and_objections_is_read_through_a_recording_service():
    for path, action in (
        ("payments/services/releases.py", "payment.file_downloaded"),
        ("notices/services/objections.py", "objection.read"),
    ):
        assert f'"{action}"' in (BASE / path).read_text()
