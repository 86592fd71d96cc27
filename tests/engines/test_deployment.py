"""What a deployment relies on: settings that guess nothing, files that name what exists."""

import json
import os
import re
import subprocess
import sys
import types

import pytest
import yaml

from nanchang_portal.launcher import supply
from nanchang_portal.settings import keys
from tests.portal import BASE, NOT_INHERITED

COMPLETE = {
    "DJANGO_SETTINGS_MODULE": "nanchang_portal.settings.prod",
    "DATABASE_URL": "postgres://portal:secret@db.example.org:5432/portal",
    "REDIS_URL": "redis://broker.example.org:6379/0",
    "CACHE_URL": "redis://cache.example.org:6379/0",
    "CLAMD_URL": "tcp://clamav.example.org:3310",
    "ALLOWED_HOSTS": "portal.example.org",
    **keys.fresh(),
}


def manage(*arguments: str, **environment: str) -> subprocess.CompletedProcess:
    inherited = {
        name: value for name, value in os.environ.items() if name not in NOT_INHERITED | {"DATA_DIR"}
    }
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=BASE,
        env=inherited | environment,
        capture_output=True,
        text=True,
        timeout=120,
    )


def test_check_deploy_has_nothing_to_say():
    done = manage("check", "--deploy", "--fail-level", "DEBUG", **COMPLETE)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "System check identified no issues (0 silenced).\n"


def test_cookies_stay_with_this_host_and_browsers_with_tls():
    script = (
        "import json\nfrom nanchang_portal.settings import prod\n"
        "print(json.dumps({name: getattr(prod, name) for name in dir(prod) if 'COOKIE' in name or 'HSTS' in name}))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=BASE, env=os.environ | COMPLETE, capture_output=True, text=True
    )
    found = json.loads(done.stdout)
    for name in ("SESSION", "CSRF", "LANGUAGE"):
        assert found[f"{name}_COOKIE_SECURE"] and found[f"{name}_COOKIE_HTTPONLY"], name
    for name in ("SESSION", "CSRF"):
        assert found[f"{name}_COOKIE_NAME"].startswith("__Host-"), name
    assert found["SECURE_HSTS_SECONDS"] >= 365 * 24 * 3600 and found["SECURE_HSTS_INCLUDE_SUBDOMAINS"]


@pytest.mark.parametrize("name", sorted(set(COMPLETE) - {"DJANGO_SETTINGS_MODULE", "AUDIT_SIGNING_KEY"}))
def test_each_missing_setting_stops_the_start_with_one_sentence(name):
    done = manage("check", **COMPLETE | {name: ""})
    assert done.returncode == 1
    assert done.stderr.startswith(f"error: {name} is not set: ")
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"CACHE_URL": "redis://broker.example.org:6379/1"}, "CACHE_URL and REDIS_URL name the same server"),
        ({"SAMPLE_DATA": "1"}, "SAMPLE_DATA is on"),
        ({"AUDIT_SIGNING_KEY": "1:short"}, "AUDIT_SIGNING_KEY: entry 1 is not id:key"),
        ({"FIELD_KEYS": "1:short"}, "FIELD_KEYS: entry 1 is not id:key with a key of 32 bytes"),
        ({"BLIND_INDEX_KEYS": COMPLETE["FIELD_KEYS"].replace("1:", "a:")}, "BLIND_INDEX_KEYS must look like"),
        (
            {"FIELD_KEYS": f"{COMPLETE['FIELD_KEYS']},{COMPLETE['FIELD_KEYS']}"},
            "two entries have the same id",
        ),
    ],
)
def test_wrong_settings(changed, sentence):
    done = manage("check", **COMPLETE | changed)
    assert done.returncode == 1
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr
    assert COMPLETE["FIELD_KEYS"].partition(":")[2] not in done.stderr


def test_the_order_of_keys():
    first, second = keys.fresh(), keys.fresh()
    newest = second["FIELD_KEYS"].partition(":")[2]
    oldest = first["FIELD_KEYS"].partition(":")[2]
    assert keys.field_keys(f"2:{newest},1:{oldest}") == [newest, oldest]
    assert list(keys.blind_index_keys(f"1:{oldest}, 2:{newest}")) == [1, 2]


def test_kept_keys_stay_the_same_and_private(tmp_path):
    first = keys.kept(tmp_path / "data" / "keys")
    assert keys.kept(tmp_path / "data" / "keys") == first
    assert {path.name for path in (tmp_path / "data" / "keys").iterdir()} == {
        name.lower() for name in keys.NAMES
    }
    for path in (tmp_path / "data").rglob("*"):
        assert path.stat().st_mode & 0o077 == 0


def test_bootstrap_is_collected_under_names_with_hashes(tmp_path):
    """By the storage of production, which fails on a file that names one that is not there."""
    done = manage(
        "collectstatic", "--noinput", "--verbosity=0", "--ignore=admin", "--ignore=django-htmx",
        **COMPLETE | {"DATA_DIR": str(tmp_path), "STATIC_ROOT": str(tmp_path / "static")},
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    collected = tmp_path / "static" / "bootstrap"
    assert {path.relative_to(collected).as_posix() for path in collected.rglob("*.min.*s")} > {
        "css/bootstrap.min.css",
        "js/bootstrap.bundle.min.js",
    }
    for path in collected.rglob("*.min.*s"):
        assert b"sourceMappingURL" not in path.read_bytes()
    assert list(collected.glob("css/bootstrap.min.????????????.css.br"))


def test_compose_names_real_files_and_every_part():
    compose = yaml.safe_load((BASE / "docker-compose.yml").read_text())
    services = compose["services"]
    assert set(services) == {
        "postgres", "broker", "cache", "clamav", "migrate", "web", "worker", "beat", "proxy",
    }  # fmt: skip
    assert "ports" not in services["web"] and services["web"]["deploy"]["replicas"] >= 2
    assert (BASE / "deploy" / "Caddyfile").is_file()
    for name in ("migrate", "web", "worker", "beat"):
        assert (BASE / services[name]["build"] / "Dockerfile").is_file()
        assert services[name]["env_file"] == ".env"
    assert services["worker"]["deploy"]["replicas"] >= 2
    urls = {
        name: services[name]["environment"]["DATABASE_URL"] for name in ("migrate", "web", "worker", "beat")
    }
    owners = [name for name, url in urls.items() if not url.startswith("postgres://portal_app:")]
    assert owners == ["migrate"] and urls["migrate"].startswith("postgres://portal:")
    signers = [name for name in urls if services[name]["environment"]["AUDIT_SIGNING_KEY"]]
    assert signers == ["worker"]
    broker = services["broker"]["command"]
    assert broker[broker.index("--appendonly") + 1] == "yes"
    assert broker[broker.index("--maxmemory-policy") + 1] == "noeviction"
    assert set(compose["volumes"]) >= {
        volume.partition(":")[0]
        for service in services.values()
        for volume in service.get("volumes", [])
        if not volume.startswith("./")  # a file of the project
    }
    example = set(re.findall(r"^([A-Z_]+)=", (BASE / ".env.example").read_text(), re.MULTILINE))
    assert example | set(services["web"]["environment"]) >= set(COMPLETE) - {"DJANGO_SETTINGS_MODULE"}


def test_dockerfile_names_real_files_and_modules():
    text = (BASE / "Dockerfile").read_text()
    for source in re.findall(r"^COPY (\S+) \./$", text, re.MULTILINE):
        assert (BASE / source).exists()
    for module in re.findall(r"python -m (nanchang_portal[\w.]*)", text):
        assert (BASE / f"{module.replace('.', '/')}.py").is_file()
    assert "--require-hashes" in text
    assert re.search(r"^USER portal$", text, re.MULTILINE)
    assert 'CMD ["gunicorn", "nanchang_portal.wsgi"' in text


def test_a_container_is_nobody_special_and_writes_on_nothing_else():
    text = (BASE / "Dockerfile").read_text()
    user = re.search(r"useradd .*--uid (\d+) .*portal", text)
    assert user and int(user[1]) >= 1000
    assert text.index("USER portal") < text.index("CMD [") and "USER root" not in text
    compose = yaml.safe_load((BASE / "docker-compose.yml").read_text())
    for name in ("migrate", "web", "worker", "beat"):
        service = compose["services"][name]
        assert service["read_only"] is True and service["tmpfs"] == ["/tmp"], name
        assert service["cap_drop"] == ["ALL"] and service["security_opt"] == ["no-new-privileges:true"], name
        assert "privileged" not in service and "user" not in service
        written = {volume.split(":")[1] for volume in service["volumes"]}
        assert written == {"/srv/data", "/srv/heads"}
    # What runs there writes its own files on these alone.
    for variable in (
        "DATA_DIR=/srv/data",
        "PROMETHEUS_MULTIPROC_DIR=/tmp",
        "XDG_CACHE_HOME=/tmp",
        "HOME=/tmp",
    ):
        assert variable in text
    assert "/tmp/beat-schedule" in compose["services"]["beat"]["command"]


def test_every_package_has_a_licence_that_somebody_read():
    assert supply.unclear() == {}
    listed = set(re.findall(r"^\| (\S+) \| (\S+) \|", supply.PAGE.read_text(), re.MULTILINE)[1:])
    here = {(name, version) for name, (version, _licence) in supply.licences().items()}
    assert len(here) > 70
    assert listed >= here, "`make licences` writes docs/licences.md anew"


def test_the_bill_of_materials_has_every_locked_package_and_its_hashes(tmp_path, capsys):
    assert supply.sbom(str(tmp_path / "sbom.json")) == 0
    found = json.loads((tmp_path / "sbom.json").read_text())
    assert found["bomFormat"] == "CycloneDX"
    named = {part["name"].lower(): part for part in found["components"]}
    assert set(named) >= set(supply.locked()) and "django" in named
    assert all("hashes" in json.dumps(part) for part in named.values())


def test_an_audit_that_nobody_answered_says_so(monkeypatch, capsys):
    """Silence is not safety: status 2 and a line that begins NOT AUDITED."""

    def answers(packages):
        done = types.SimpleNamespace(stdout=json.dumps({"dependencies": packages}), stderr="", returncode=0)
        monkeypatch.setattr(supply.subprocess, "run", lambda *args, **options: done)
        return supply.audit()

    assert answers([{"name": "x", "skip_reason": "not found"}]) == 2
    assert capsys.readouterr().err.startswith("NOT AUDITED: 1 packages")
    assert answers([{"name": "x", "vulns": [{"id": "CVE-1"}]}]) == 1
    assert "x: CVE-1" in capsys.readouterr().out
    assert answers([{"name": "x", "vulns": []}]) == 0


def test_every_requirement_has_its_hash():
    for name in ("requirements.txt", "requirements-dev.txt"):
        blocks = re.split(r"\n(?=\S)", (BASE / name).read_text().strip())
        assert len(blocks) > 20
        assert [block.splitlines()[0] for block in blocks if "--hash=sha256:" not in block] == []
