"""What a process that looks into somebody else's file allows itself before it reads a byte."""

import resource

MEMORY, SECONDS = 512 * 1024 * 1024, 10


def limit() -> None:
    """10 seconds of processor, 512 MB, not a byte to write, no trace of memory on the disk."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS + 1))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
