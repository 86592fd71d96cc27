"""The registers of this room; their pages are in notices/desk."""

from notices.desk import letter_admin, notice_admin, objection_admin  # noqa: F401  (register themselves)
