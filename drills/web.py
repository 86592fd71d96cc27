"""Somebody at a browser without a browser: keeps cookies, reads a page's form, sends it back changed."""

from html.parser import HTMLParser
from urllib.parse import urljoin

import requests


class Forms(HTMLParser):
    """The forms of a page: where each goes, and what it would send untouched."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[dict[str, str | None], dict[str, str]]] = []
        self._select = self._area = ""
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        values = dict(attributes)
        name = values.get("name") or ""
        if tag == "form":
            self.found.append((values, {}))
        elif not self.found or ("disabled" in values and tag != "option"):
            return
        elif tag == "input" and name:
            kind = values.get("type") or "text"
            if kind not in ("checkbox", "radio", "submit", "button", "file") or "checked" in values:
                self.found[-1][1][name] = values.get("value") or ""
        elif tag == "select":
            self._select = name
        elif tag == "option" and self._select:
            fields = self.found[-1][1]
            if "selected" in values or self._select not in fields:
                fields[self._select] = values.get("value") or ""
        elif tag == "textarea" and name:
            self._area = name
            self.found[-1][1][name] = ""

    def handle_endtag(self, tag):
        if tag == "select":
            self._select = ""
        elif tag == "textarea":
            self._area = ""

    def handle_data(self, data):
        if self._area:
            self.found[-1][1][self._area] += data

    def with_field(self, name: str) -> tuple[dict[str, str | None], dict[str, str]]:
        """The first form that has the field."""
        return next(form for form in self.found if name in form[1])


class Visitor(requests.Session):
    """Requests to one portal; with `session`, somebody who is signed in. Every answer is kept for whoever looks."""

    def __init__(self, url: str, session: str = "") -> None:
        super().__init__()
        self.url, self.trust_env, self.seen = url, False, []
        self.cookies.set("language", "en")
        if session:
            self.cookies.set("sessionid", session)

    def request(self, method, url, **options):
        options.setdefault("allow_redirects", False)
        options.setdefault("timeout", 30)
        answer = super().request(method, urljoin(self.url, url), **options)
        self.seen.append(answer)
        return answer

    def fill(self, path: str, field: str, **values: str) -> requests.Response:
        """Opens a page, takes the form that has `field`, and sends it with `values` changed."""
        form, fields = Forms(self.get(path).text).with_field(field)
        return self.post(
            form.get("action") or path, data=fields | values, headers={"Referer": self.url + path}
        )
