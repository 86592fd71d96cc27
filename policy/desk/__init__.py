"""Policy versions on the officials' desk: drafting, comparing, publishing, files."""
