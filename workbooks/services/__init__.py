"""Upload, check, take over, cancel, forget."""
