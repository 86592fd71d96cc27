"""`make run`: front.py (the environment, the terminal) starts __main__.py (the supervisor of every part)."""
