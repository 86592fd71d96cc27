"""`manage.py estimate`, twice: as an official runs it, in a process of its own with no server anywhere; and in this
process, where pytest-django refuses any touch of a database, for the many ways to type something wrong.
"""

import json
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from policy.management.commands.estimate import Command

ROOT = Path(__file__).parents[2]
TRAINING = ("training", "--training", "2015-03-01:2015-06-01", "--contract", "2015-07-01:2016-07-01")


@pytest.fixture
def process(tmp_path):
    """Run the command in a process of its own, with servers that cannot be reached. No engine may be started."""
    data = tmp_path / "data"

    def run(*arguments, **environment):
        done = subprocess.run(
            [sys.executable, "manage.py", "estimate", *arguments],
            cwd=ROOT,
            capture_output=True,
            encoding="utf-8",
            timeout=120,
            env={
                **os.environ,
                "DJANGO_SETTINGS_MODULE": "nanchang_portal.settings.dev",
                "DATABASE_URL": "postgres://nobody:nothing@127.0.0.1:1/none",
                "REDIS_URL": "redis://127.0.0.1:1/0",
                "DATA_DIR": str(data),
                **environment,
            },
        )
        # Reading the settings makes the portal's keys; an engine would leave its own directory beside them.
        assert {path.name for path in data.glob("*")} <= {"keys"}
        return done

    return run


@pytest.fixture
def estimate(capsys):
    """Run the command in this process."""

    def run(*arguments):
        returncode = 0
        try:
            Command().run_from_argv(["manage.py", "estimate", *arguments])
        except SystemExit as end:
            returncode = end.code or 0
        captured = capsys.readouterr()
        return SimpleNamespace(returncode=returncode, stdout=captured.out, stderr=captured.err)

    return run


def answer(done):
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return json.loads(done.stdout)


def refused(done):
    assert done.returncode == 2, done.stderr
    assert done.stdout == ""
    assert done.stderr.endswith(".\n") and done.stderr.count("\n") == 1
    assert "Traceback" not in done.stderr and "usage:" not in done.stderr
    assert len(done.stderr) < 300


def test_claims_of_one_year(process):
    found = answer(process("offshore", "--year", "2015", "--claims", "150000,100000"))
    assert [(claim["usd"], claim["award_rmb"]) for claim in found["claims"]] == [
        ("150000.00", "0.00"),
        ("100000.00", "50000.00"),
    ]
    assert (found["year_total_rmb"], found["policy"]) == ("50000.00", "2013")
    assert found["claims"][0]["reasons"][0]["zh"].startswith("本年度合计还差 50,000.00 USD")
    assert found["claims"][1]["reasons"] == []
    assert found["steps"]


def test_a_refund_first(estimate):
    found = answer(estimate("offshore", "--year", "2015", "--claims=-5000,300000"))
    assert [claim["award_rmb"] for claim in found["claims"]] == ["0.00", "59000.00"]
    assert found["claims"][0]["usd"] == "-5000.00"


def test_a_very_large_claim(estimate):
    found = answer(estimate("offshore", "--year", "2015", "--claims", "9" * 60 + ".999"))
    assert found["claims"][0]["usd"] == "9" * 60 + ".999"
    assert found["year_total_rmb"] == "500000.00"


def test_an_eligible_trainee(process):
    found = answer(process(*TRAINING, "--place", "local"))
    assert found["eligible"] is True and found["reasons"] == []
    assert (found["trainee_rmb"], found["institution_rmb"], found["policy"]) == ("2000.00", "1500.00", "2013")


def test_an_open_ended_contract_elsewhere(estimate):
    found = answer(estimate(*TRAINING[:3], "--contract", "2015-07-01:", "--place", "elsewhere"))
    assert (found["trainee_rmb"], found["institution_rmb"]) == ("1000.00", "500.00")


def test_everything_that_can_be_said_against_a_trainee(estimate):
    flags = ("--no-certificate", "--education", "secondary", "--not-designated", "--already-subsidised")
    found = answer(estimate(*TRAINING, "--place", "local", "--signed", "2015-06-15", *flags))
    assert found["eligible"] is False
    assert [reason["code"] for reason in found["reasons"]] == [
        "training.no_certificate",
        "training.education",
        "training.not_designated",
        "training.already_subsidised",
    ]


def test_an_output_that_cannot_hold_chinese_still_gets_valid_json(process):
    done = process("offshore", "--year", "2015", "--claims", "1", PYTHONIOENCODING="ascii")
    assert done.stdout.isascii() and "zh" in answer(done)["claims"][0]["reasons"][0]


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("onshore",),
        ("offshore",),
        ("offshore", "--year", "2015"),
        ("offshore", "--claims", "1"),
        ("offshore", "--year", "2015", "--claims"),
        ("offshore", "--year", "2015", "--claims", ""),
        ("offshore", "--year", "2012", "--claims", "250000"),
        ("offshore", "--year", "20x5", "--claims", "250000"),
        ("offshore", "--year", "99999", "--claims", "250000"),
        ("offshore", "--year", "-2015", "--claims", "250000"),
        ("offshore", "--year", "2015", "--claims", "many"),
        ("offshore", "--year", "2015", "--claims", "NaN"),
        ("offshore", "--year", "2015", "--claims", "1e9"),
        ("offshore", "--year", "2015", "--claims", "inf"),
        ("offshore", "--year", "2015", "--claims", "1" * 5000),
        ("offshore", "--year", "2015", "--claims", "-5000,100000"),
        ("offshore", "--year", "2015", "--claims", "1", "--claims", "2"),
        ("offshore", "--year", "2015", "--claims", "1", "--place", "local"),
        ("offshore", "--year", "2015", "--claims", "1", "two\nlines"),
        ("training", "--place", "local"),
        TRAINING,
        (*TRAINING, "--place", "mars"),
        (*TRAINING, "--place", "local", "--education", "phd"),
        (*TRAINING, "--place", "local", "--signed", "2012-12-31"),
        (*TRAINING, "--place", "local", "--signed", "soon"),
        (*TRAINING[:3], "--contract", "2015-07-01:2015-06-01", "--place", "local"),
        ("training", "--training", "2015-06-01:2015-03-01", *TRAINING[3:], "--place", "local"),
        ("training", "--training", "2015-02-29:2015-06-01", *TRAINING[3:], "--place", "local"),
        ("training", "--training", "9999-11-01:9999-12-31", *TRAINING[3:], "--place", "local"),
        ("training", "--training", "2015-03-01:", *TRAINING[3:], "--place", "local"),
    ],
    ids=lambda arguments: " ".join(arguments).replace("\n", "|")[:60] or "nothing",
)
def test_wrong_input_ends_with_status_2_and_one_sentence(estimate, arguments):
    refused(estimate(*arguments))


@pytest.mark.parametrize(
    "arguments",
    [
        ("offshore", "--year", "2012", "--claims", "250000"),
        ("offshore", "--year", "2015", "--claims", "NaN"),
        ("training", "--place", "local"),
    ],
    ids=["a year that no version covers", "no number", "missing flags"],
)
def test_wrong_input_in_a_process_of_its_own(process, arguments):
    refused(process(*arguments))


@pytest.mark.django_db
@pytest.mark.parametrize(
    "arguments",
    [("offshore", "--year", "2015", "--claims", "150000,100000"), (*TRAINING, "--place", "local")],
    ids=["offshore", "training"],
)
def test_the_published_versions_say_what_the_seeded_terms_say(estimate, arguments):
    assert answer(estimate(*arguments, "--database")) == answer(estimate(*arguments))


@pytest.mark.django_db
def test_a_year_that_no_published_version_covers(estimate):
    refused(estimate("offshore", "--year", "2012", "--claims", "1", "--database"))


def test_published_versions_that_cannot_be_read_end_with_status_1_and_one_sentence(process):
    done = process("offshore", "--year", "2015", "--claims", "250000", "--database")
    assert done.returncode == 1, done.stderr
    assert done.stdout == "" and done.stderr.count("\n") == 1
    assert done.stderr.startswith("The published versions cannot be read")


def test_help_is_help(estimate):
    done = estimate("--help")
    assert done.returncode == 0 and "offshore" in done.stdout
