"""Is a letter genuine? Anybody may ask by its code, or with the file that they were sent."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from audit.services import sha256
from casework.enums import ReopeningState
from casework.models import Reopening
from notices.enums import LetterState
from notices.letters import signing
from notices.models import Letter


@dataclass(frozen=True)
class Verified:
    """What the portal says of a letter. `genuine`: nothing of it was changed; `in_force`: not taken back since."""

    letter: Letter
    genuine: bool
    in_force: bool
    organisation: str

    @property
    def said(self) -> dict[str, Any]:
        return self.letter.data


def find(typed: str) -> Verified | None:
    """The letter of a code as somebody typed it; None when there is none."""
    code = signing.code_of(typed)
    letter = Letter.objects.filter(code=code).first() if code else None
    if letter is None:
        return None
    return Verified(letter, is_genuine(letter), _in_force(letter), mask_organisation(letter.data))


def is_genuine(letter: Letter) -> bool:
    """Whether what is stored is what was signed: code, number and data, and the file once it is drawn."""
    if sha256(letter.data) != letter.data_hash:
        return False
    if not signing.is_signed(letter.signature, letter.code, letter.number, letter.kind, letter.data_hash):
        return False
    if letter.state != LetterState.MADE:
        return True
    content = bytes(letter.file.content)
    digest = hashlib.sha256(content).hexdigest()
    return digest == letter.file.sha256 and signing.is_signed(letter.file.signature, letter.code, digest)


def is_the_file(letter: Letter, content: bytes) -> bool:
    """Whether a file is this letter, byte for byte."""
    return (
        letter.state == LetterState.MADE
        and is_genuine(letter)
        and hashlib.sha256(content).hexdigest() == letter.file.sha256
    )


def _decision_stands(transition_id: int) -> bool:
    return not Reopening.objects.filter(decision_id=transition_id, state=ReopeningState.CONFIRMED).exists()


#: Whether the decision of a source ("transition:12") still stands, by the source's first word.
_stands: dict[str, Callable[[int], bool]] = {"transition": _decision_stands}


def register(source: str, stands: Callable[[int], bool]) -> None:
    """Let a room above say whether its decisions, for which it writes letters, still stand."""
    _stands[source] = stands


def _in_force(letter: Letter) -> bool:
    source, _colon, key = letter.source.partition(":")
    stands = _stands.get(source)
    return stands is None or stands(int(key))


def mask_organisation(said: dict[str, Any]) -> str:
    """`南昌示****公司`: enough for who holds the letter, too little for who guesses."""
    name = said["organisation"]["name"]
    keep = 3 if len(name) > 7 else 1
    tail = name[-2:] if len(name) > 7 else ""
    return f"{name[:keep]}****{tail}"
