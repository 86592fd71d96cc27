"""The web server's log of requests."""

from gunicorn.glogging import Logger


class DiscreetLogger(Logger):
    """Neither query nor referrer: sooner or later somebody searches for an identity number.

    The path stays as it was sent, percent-encoded, so that no request writes a line of its own.
    """

    def atoms(self, resp, req, environ, request_time):
        atoms = super().atoms(resp, req, environ, request_time)
        path = environ.get("RAW_URI", "").partition("?")[0]
        return atoms | {
            "r": f"{environ['REQUEST_METHOD']} {path} {environ['SERVER_PROTOCOL']}",
            "q": "",
            "f": "-",
        }
