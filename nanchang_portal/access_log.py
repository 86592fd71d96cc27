"""The web server's log of requests."""

from gunicorn.glogging import Logger

from nanchang_portal.operations.logs import scrub


class DiscreetLogger(Logger):
    """Neither query nor referrer, and no number in the path: sooner or later somebody searches for an identity number.

    The path stays as it was sent, percent-encoded, so that no request writes a line of its own.
    """

    def atoms(self, resp, req, environ, request_time):
        atoms = super().atoms(resp, req, environ, request_time)
        path = environ.get("RAW_URI", "").partition("?")[0]
        return atoms | {
            "r": scrub(f"{environ['REQUEST_METHOD']} {path} {environ['SERVER_PROTOCOL']}"),
            "q": "",
            "f": "-",
            "a": scrub(atoms.get("a", "-")),
        }
