"""What the test command holds of the sources as a whole."""

import gettext

import pytest
from django.core.management import call_command

from nanchang_portal.launcher import front
from nanchang_portal.launcher.messages import compile_messages

CATALOGUE = """
msgid ""
msgstr "Content-Type: text/plain; charset=UTF-8\\nPlural-Forms: nplurals=1; plural=0;\\n"

msgid "claim"
msgstr "申报"

#, fuzzy
msgid "award"
msgstr "猜的"

msgctxt "button"
msgid "file"
msgstr "提交"

msgid "%d day"
msgid_plural "%d days"
msgstr[0] "%d 天"
"""


@pytest.mark.django_db
def test_no_migration_is_missing():
    call_command("makemigrations", check=True, dry_run=True, verbosity=1)


def test_catalogues_are_compiled_without_gettext(tmp_path):
    place = tmp_path / "locale" / "zh_Hans" / "LC_MESSAGES"
    place.mkdir(parents=True)
    (place / "django.po").write_text(CATALOGUE)
    assert compile_messages(tmp_path) == [place / "django.mo"]
    with open(place / "django.mo", "rb") as compiled:
        chinese = gettext.GNUTranslations(compiled)
    assert chinese.gettext("claim") == "申报"
    assert chinese.gettext("award") == "award"
    assert chinese.pgettext("button", "file") == "提交"
    assert chinese.ngettext("%d day", "%d days", 2) == "%d 天"
    assert compile_messages(tmp_path) == []


def test_the_installer_is_locked_too():
    lines = front._uv_requirement().splitlines()
    assert lines[0].startswith("uv==")
    assert len(lines) > 2
    assert all(line.strip().startswith("--hash=sha256:") for line in lines[1:])
