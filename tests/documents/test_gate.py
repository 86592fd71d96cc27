"""The gate: what comes in, what does not, and the sentence that says why."""

import resource
import subprocess
import sys
import time
import zlib

import pytest
from django.utils import translation

from documents.gate import limited
from documents.gate.entry import examine
from documents.gate.refusals import SENTENCES, FileRefused
from nanchang_portal.sample import paper
from tests.documents import hostile

KINDS = ("pdf", "png", "jpeg")


def refusal(name: str, data: bytes, max_mb: int = hostile.LIMIT_MB) -> FileRefused:
    with pytest.raises(FileRefused) as caught:
        examine(name=name, data=data, kinds=KINDS, max_mb=max_mb)
    return caught.value


@pytest.mark.parametrize("sample", hostile.SAMPLES, ids=lambda sample: sample.label)
def test_a_hostile_file_is_refused_for_its_reason(sample):
    found = refusal(sample.name, sample.make())
    assert found.code == sample.code
    with translation.override("en"):
        sentence = found.message
    assert sentence[-1] in ".?" and "%(" not in sentence and len(sentence) > 20


def test_there_are_enough_of_them():
    assert len(hostile.SAMPLES) >= 60
    assert len({sample.label for sample in hostile.SAMPLES}) == len(hostile.SAMPLES)


def test_every_refusal_of_the_gate_is_provoked():
    provoked = {sample.code for sample in hostile.SAMPLES}
    assert set(SENTENCES) - provoked == {"too_hard", "infected", "altered"}


@pytest.mark.parametrize(
    ("name", "data", "kind"),
    [
        ("银行回单 2015-05-20.pdf", paper.pdf("Receipt"), "pdf"),
        ("合同.v1.2（盖章）.PDF", paper.pdf("Contract", ["Line (1)", "back\\slash"]), "pdf"),
        ("scan.png", paper.png(60, 40), "png"),
        ("photo.JPG", hostile.jpeg(), "jpeg"),
        ("two-parts.pdf", hostile.pdf(hostile.packed(b"/Type /ObjStm /N 1 /First 4", b"7 0 << /A /B >>")), "pdf"),
        ("spaces after.pdf", paper.pdf("x") + b"\r\n\0\0", "pdf"),
        ("link.pdf", hostile.pdf(b"<< /S /URI /URI (https://example.org) >>"), "pdf"),
        ("grey interlaced.png", hostile.png(
            header=(9).to_bytes(4, "big") + (9).to_bytes(4, "big") + b"\x08\x00\x00\x00\x01",
            pixels=zlib.compress(bytes(sum(
                -(-(9 - y) // dy) * (-(-(9 - x) // dx) + 1)
                for x, y, dx, dy in ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2),
                                     (0, 1, 1, 2))
            ))),
        ), "png"),
    ],
)  # fmt: skip
def test_good_files_come_in(name, data, kind):
    passed = examine(name=name, data=data, kinds=KINDS, max_mb=1)
    assert (passed.name, passed.kind, passed.size) == (name, kind, len(data))
    assert len(passed.sha256) == 64


def test_only_the_kinds_of_the_item_come_in():
    with pytest.raises(FileRefused) as caught:
        examine(name="photo.png", data=paper.png(9, 9), kinds=("pdf",), max_mb=1)
    assert caught.value.code == "name_ending"
    with translation.override("en"):
        assert caught.value.message == "Files ending in “.png” are not accepted here. Accepted: PDF."


def test_a_file_of_exactly_the_limit_comes_in():
    limit = 1024 * 1024
    missing = limit - len(hostile.png(before=paper.chunk(b"prVt")))
    data = hostile.png(before=paper.chunk(b"prVt", bytes(missing)))
    assert examine(name="full.png", data=data, kinds=KINDS, max_mb=1).size == limit
    assert refusal("full.png", data + b"\0").code == "too_large"


# The limits of the examining process


def child(code: str) -> subprocess.CompletedProcess:
    """Run code under the examination's own limits."""
    place = str(limited.HERE.parents[1])
    start = f"import sys; sys.path.insert(0, {place!r}); from documents.gate import child; child.limit()\n"
    return subprocess.run([sys.executable, "-I", "-S", "-c", start + code], capture_output=True, timeout=60)


def test_memory_is_limited():
    assert child("bytearray(100_000_000); print('ok')").stdout == b"ok\n"
    done = child("bytearray(600_000_000)")
    assert done.returncode != 0 and b"MemoryError" in done.stderr


def test_processor_time_is_limited():
    done = child("import resource; print(*resource.getrlimit(resource.RLIMIT_CPU))")
    assert done.stdout == b"10 10\n"


def test_a_child_writes_no_files():
    done = child("import tempfile\nwith tempfile.TemporaryFile() as file: file.write(b'x')")
    assert done.returncode != 0


def test_a_child_that_hangs_or_dies_refuses_the_file(monkeypatch, tmp_path):
    monkeypatch.setattr(limited, "HERE", tmp_path)
    (tmp_path / "hangs.py").write_text("import time; time.sleep(60)")
    (tmp_path / "dies.py").write_text("import os; os.abort()")
    (tmp_path / "silent.py").write_text("")
    for script in ("hangs.py", "dies.py", "silent.py"):
        with pytest.raises(FileRefused) as caught:
            limited.run(script, data=b"", seconds=1)
        assert caught.value.code == "too_hard"


def used_by_children() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"%PDF-1.7\n" + b"stream\n" * 1_400_000 + b"startxref %%EOF", id="nothing but streams"),
        pytest.param(b"%PDF-1.7\n" + b"/" * 9_000_000 + b"startxref %%EOF", id="nothing but names"),
        pytest.param(b"%PDF-1.7\n" + b"<< /A#41 " * 1_000_000 + b"startxref %%EOF", id="nothing but escapes"),
        pytest.param(b"%PDF-1.7\n" + b"PK\x05\x06" * 2_000_000 + b"startxref %%EOF", id="nothing but archive ends"),
        pytest.param(b"\x89PNG\r\n\x1a\n" + paper.chunk(b"IHDR", b"\0\0\0\1\0\0\0\1\x08\0\0\0\0")
                     + paper.chunk(b"tEXt") * 700_000, id="nothing but chunks"),
        pytest.param(b"\xff\xd8" + b"\xff\xd0" * 4_000_000, id="nothing but markers"),
    ],
)  # fmt: skip
def test_costly_files_stay_within_the_limit(data):
    before = used_by_children()
    name = {b"%P": "a.pdf", b"\x89P": "a.png"}.get(data[:2], "a.jpg")
    assert refusal(name, data, max_mb=20).code in SENTENCES
    assert used_by_children() - before <= 11


def test_nothing_of_the_portal_reaches_the_child(monkeypatch):
    monkeypatch.setenv("SECRET_KEY", "canary")
    done = child("import os; print(sorted(os.environ))")
    assert done.returncode == 0
    assert "canary" not in limited.run("child.py", "png", data=paper.png(9, 9)).decode()


def test_the_child_starts_fast_enough_to_run_in_a_request():
    started = time.process_time()
    examine(name="a.pdf", data=paper.pdf("x"), kinds=KINDS, max_mb=1)
    assert time.process_time() - started < 2
