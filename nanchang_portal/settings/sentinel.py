"""Broker and cache behind Redis Sentinel: `sentinel://[user:password@]host:port,host:port/0?master=name`.

Sentinels say which server is the master now; after a failover each connection that is opened anew goes to the new one.
Sentinels that ask for a password of their own have it in the query, `&sentinel_password=...`.
"""

from dataclasses import dataclass
from urllib.parse import parse_qs, quote, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

SCHEME, PORT = "sentinel", 26379
EXAMPLE = "sentinel://host1:26379,host2:26379,host3:26379/0?master=broker"


@dataclass(frozen=True)
class Watched:
    """A master as its sentinels know it."""

    sentinels: tuple[tuple[str, int], ...]
    master: str
    database: int
    credentials: dict[str, str]  # of the master: username, password
    sentinel_kwargs: dict[str, str]

    @property
    def broker_url(self) -> str:
        """Celery's: every sentinel a URL; the master's name is a transport option."""
        user = ":".join(quote(self.credentials.get(name, ""), safe="") for name in ("username", "password"))
        prefix = f"{user}@" if self.credentials else ""
        return ";".join(f"{SCHEME}://{prefix}{host}:{port}/{self.database}" for host, port in self.sentinels)

    @property
    def transport_options(self) -> dict:
        return {"master_name": self.master, "sentinel_kwargs": self.sentinel_kwargs}

    @property
    def cache_options(self) -> dict:
        """django-redis's: everything is read and written at the master, for sessions and counts cannot be old."""
        return {
            "CONNECTION_FACTORY": "django_redis.pool.SentinelConnectionFactory",
            "SENTINELS": list(self.sentinels),
            "SENTINEL_KWARGS": self.sentinel_kwargs,
            **{name.upper(): value for name, value in self.credentials.items()},
        }


def is_sentinel(url: str) -> bool:
    return url.startswith(f"{SCHEME}://")


def watched(variable: str, url: str) -> Watched:
    """What the URL in `variable` names; ImproperlyConfigured in one sentence where it names nothing."""
    user, at, hosts = urlsplit(url).netloc.rpartition("@")
    parts = urlsplit(url)
    query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
    master, password = query.pop("master", ""), query.pop("sentinel_password", "")
    database = parts.path.strip("/") or "0"
    sentinels = []
    for place in filter(None, hosts.split(",")):
        host, colon, port = place.rpartition(":")
        if not colon:
            host, port = place, str(PORT)
        if not host or not port.isdecimal():
            raise ImproperlyConfigured(f"{variable}: {place!r} is no host:port; it must look like {EXAMPLE}.")
        sentinels.append((host, int(port)))
    if not sentinels or not master or query or not database.isdecimal():
        raise ImproperlyConfigured(f"{variable} must look like {EXAMPLE}.")
    name, _colon, secret = user.partition(":")
    credentials = {"username": unquote(name), "password": unquote(secret)} if at else {}
    return Watched(
        tuple(sentinels),
        master,
        int(database),
        {key: value for key, value in credentials.items() if value},
        {"password": password} if password else {},
    )
