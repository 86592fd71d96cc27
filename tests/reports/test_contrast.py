"""The palettes measured: text on its grounds in light, dark and high contrast; chart colours in a grey print."""

import re
from itertools import combinations

import pytest

from tests.portal import BASE

HIGH = ':root:is([data-contrast="high"], :has(> .contrast-high))'
TEXTS = ("ink", "muted", "accent", "accent-strong", "good", "warn", "bad", "bad-strong")
#: A text that stands on the soft ground of its own kind.
TONES = ("info", "good", "warn", "bad")


def palettes() -> dict[str, dict[str, str]]:
    """Every palette as a browser computes it: dark over light, high contrast over both."""
    text = re.sub(r"/\*.*?\*/", "", (BASE / "static/css/tokens.css").read_text(encoding="utf-8"), flags=re.S)
    light, _, dark = text.partition("@media screen and (prefers-color-scheme: dark)")

    def rules(part: str, selector: str) -> dict[str, str]:
        found = {}
        for head, body in re.findall(r"([^{}]+)\{([^{}]*)\}", part):
            if head.strip().split("\n")[-1].strip() == selector:
                found |= dict(re.findall(r"--nc-([\w-]+):\s*(#[0-9a-f]+);", body))
        return found

    plain = rules(light.partition("@media")[0], ":root")
    in_dark = plain | rules(dark, ":root")
    return {
        "light": plain,
        "dark": in_dark,
        "light, high contrast": plain | rules(light, HIGH),
        "dark, high contrast": in_dark | rules(light, HIGH) | rules(dark, HIGH),
    }


def luminance(colour: str) -> float:
    """WCAG's relative luminance of #rgb or #rrggbb."""
    digits = colour.removeprefix("#")
    digits = "".join(2 * digit for digit in digits) if len(digits) == 3 else digits
    parts = [int(digits[place : place + 2], 16) / 255 for place in (0, 2, 4)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("name", ["light", "dark", "light, high contrast", "dark, high contrast"])
def test_text_stands_out_from_its_ground(name):
    palette = palettes()[name]
    least = 7 if "high" in name else 4.5
    pairs = [(text, ground) for text in TEXTS for ground in ("ground", "surface")]
    pairs += [(f"{tone}-text", f"{tone}-soft") for tone in TONES] + [("ink", "neutral-soft")]
    too_little = {
        pair: round(contrast(palette[pair[0]], palette[pair[1]]), 2)
        for pair in pairs
        if contrast(palette[pair[0]], palette[pair[1]]) < least
    }
    assert len(palette) > 20 and not too_little


def test_chart_colours_are_five_and_a_grey_print_keeps_them_apart():
    text = (BASE / "static/css/charts.css").read_text(encoding="utf-8")
    light, _, dark = text.partition("@media")
    for part in (light, dark.partition("@media")[0]):
        colours = re.findall(r"--nc-chart-\d:\s*(#[0-9a-f]{6});", part)
        assert len(colours) == 5
        # Neighbours of a stacked bar differ clearly, any two are told apart.
        assert all(contrast(a, b) >= 1.5 for a, b in zip(colours, colours[1:], strict=False))
        assert all(contrast(a, b) >= 1.15 for a, b in combinations(colours, 2))
