"""Notices, objections and letters on the officials' desk."""
