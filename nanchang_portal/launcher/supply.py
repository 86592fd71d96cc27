"""What the portal is made of: `python -m nanchang_portal.launcher.supply licences | sbom FILE | audit`.

licences writes docs/licences.md from the packages that requirements.txt locks and this environment holds; sbom writes a
CycloneDX bill of materials with every hash; audit asks for known holes, and says loudly when nobody could answer.
"""

import json
import re
import subprocess
import sys
from importlib import metadata
from pathlib import Path

BASE = Path(__file__).resolve().parents[2]
LOCKED, PAGE = BASE / "requirements.txt", BASE / "docs" / "licences.md"
LINE = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[^\]]*\])?==(\S+)(?: ; (.+?))?(?: \\)?$", re.MULTILINE)
#: Licences under which a public body may run and pass on the portal. A new one is read before it is added here.
ALLOWED = re.compile(
    r"\b(MIT|BSD|Apache|PSF|Python Software|ISC|MPL|Mozilla|PostgreSQL|Unlicense|Zope|HPND|0BSD|LGPL|Lesser General|"
    r"Public Domain|zlib|CC0)",
    re.IGNORECASE,
)


def locked() -> dict[str, str]:
    """Every locked package and its version; those for other platforms or Pythons only may be missing here."""
    return {name.lower(): version for name, version, _marker in LINE.findall(LOCKED.read_text())}


def licence_of(name: str) -> str:
    """In the package's own words: its SPDX expression, else its classifiers, else the field's first line."""
    about = metadata.metadata(name)
    if expression := about.get("License-Expression"):
        return expression
    classified = [
        value.rpartition(" :: ")[2]
        for value in about.get_all("Classifier") or ()
        if value.startswith("License :: ") and value.count(" :: ") > 1
    ]
    return "; ".join(classified) or next(
        iter((about.get("License") or "").strip().splitlines()), "not stated"
    )


def licences() -> dict[str, tuple[str, str]]:
    """Version and licence of every locked package that is installed here."""
    found = {}
    for name, version in locked().items():
        try:
            found[name] = (version, licence_of(name))
        except metadata.PackageNotFoundError:
            continue
    return found


def page() -> str:
    rows = "\n".join(
        f"| {name} | {version} | {licence} |" for name, (version, licence) in sorted(licences().items())
    )
    return (
        "# Licences\n\nWhat the portal runs on, from `requirements.txt`, each in its package's own words; written by "
        f"`make licences`.\nThe portal itself: Apache-2.0.\n\n| package | version | licence |\n|---|---|---|\n{rows}\n"
    )


def unclear() -> dict[str, str]:
    """The packages whose licence nobody has read for the portal yet."""
    return {name: licence for name, (_version, licence) in licences().items() if not ALLOWED.search(licence)}


def sbom(path: str) -> int:
    command = [
        Path(sys.executable).with_name("cyclonedx-py"),
        "requirements",
        LOCKED,
        "--of",
        "JSON",
        "-o",
        path,
    ]
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True)
    if done.returncode:
        print(done.stderr, file=sys.stderr)
        return done.returncode
    found = json.loads(Path(path).read_text())["components"]
    print(f"{len(found)} components in {path}")
    return 0 if {part["name"].lower() for part in found} >= set(locked()) else 1


def audit() -> int:
    """1 for a known hole, 2 when packages could not be asked about."""
    command = [Path(sys.executable).with_name("pip-audit"), "--requirement", LOCKED, "--require-hashes"]
    done = subprocess.run(
        [str(part) for part in [*command, "--disable-pip", "--format", "json"]],
        capture_output=True,
        text=True,
    )
    try:
        asked = json.loads(done.stdout)["dependencies"]
    except (ValueError, KeyError):
        print(f"NOT AUDITED: nobody answered. {done.stderr.strip().splitlines()[-1:]}", file=sys.stderr)
        return 2
    holes = [(part["name"], hole["id"]) for part in asked for hole in part.get("vulns", ())]
    skipped = [part["name"] for part in asked if "skip_reason" in part]
    for name, hole in holes:
        print(f"{name}: {hole}")
    print(f"{len(asked) - len(skipped)} packages asked about, {len(holes)} known holes")
    if skipped:
        print(f"NOT AUDITED: {len(skipped)} packages, whose registry tells of no holes", file=sys.stderr)
    return 1 if holes else 2 if skipped else 0


def main() -> int:
    verb, *more = sys.argv[1:] or [""]
    if verb == "licences":
        PAGE.write_text(page())
        for name, licence in unclear().items():
            print(f"{name}: {licence}")
        return 1 if unclear() else 0
    if verb == "sbom":
        return sbom(more[0] if more else "sbom.json")
    if verb == "audit":
        return audit()
    print(__doc__, file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main())
