"""The cache's client: one that does not answer is left alone for a while instead of holding each request anew."""

import time

import redis

PAUSE = 5.0


class Impatient(redis.Redis):
    """After an answer that did not come every command fails at once for PAUSE seconds: django-redis reads a miss."""

    def execute_command(self, *args, **options):
        pool = self.connection_pool  # shared by the threads of a process
        if time.monotonic() < getattr(pool, "silent_until", 0.0):
            raise redis.TimeoutError("The cache did not answer a moment ago.")
        try:
            return super().execute_command(*args, **options)
        except redis.TimeoutError:
            pool.silent_until = time.monotonic() + PAUSE
            raise
