"""Workbooks that the portal gives out: templates, exports, corrected copies."""
