"""The file gate: what a file is, by its bytes, and whether it may come in.

`structure/` is pure (standard library only) and runs in a process with little time and memory (`child.py`);
`entry.examine` is what the rest of the portal calls.
"""
