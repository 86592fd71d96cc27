"""Public notices, objections and appeals, decision letters."""

from notices.models.letter import Letter, LetterFile
from notices.models.notice import Notice, NoticeEntry, NoticePerson
from notices.models.objection import Objection

__all__ = ["Letter", "LetterFile", "Notice", "NoticeEntry", "NoticePerson", "Objection"]
