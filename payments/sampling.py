"""A random sample that anybody draws again from its seed: pure, no database.

Each number is hashed with the seed (SHA-256 of `seed:number`, UTF-8); the smallest hashes are drawn. The seed is
made after the population is fixed, so nobody chooses it to spare somebody.
"""

import secrets
from collections.abc import Iterable
from decimal import ROUND_CEILING, Decimal
from hashlib import sha256


def new_seed() -> str:
    """128 random bits as 32 hexadecimal digits."""
    return secrets.token_hex(16)


def pick(seed: str, numbers: Iterable[str], size: int) -> list[str]:
    """The `size` numbers that a seed draws, in the order of their hashes; all of them when there are fewer.

    >>> pick("00", ["NC2015-000001-1", "NC2015-000002-2", "NC2015-000003-3"], 2)
    ['NC2015-000003-3', 'NC2015-000002-2']
    """
    return sorted(set(numbers), key=lambda number: (sha256(f"{seed}:{number}".encode()).hexdigest(), number))[
        :size
    ]


def size_of(population: int, percent: int) -> int:
    """How many a share of the population is, rounded up: 10 % of 11 are 2."""
    return int((Decimal(population) * percent / 100).to_integral_value(ROUND_CEILING))
