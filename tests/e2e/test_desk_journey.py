"""The desk in Chromium: keys lead and never decide, a page that is stale changes nothing and says so."""

from playwright.sync_api import expect

from casework.desk.review import KEYS
from tests.e2e.test_journeys import open_case


def a_waiting_case(official) -> str:
    """The number of a calculated case that lies free on the official's desk."""
    official.go("/admin/casework/case/?queue=mine")
    free = official.page.locator("#result_list tbody tr", has_text="待领取").first
    return free.locator(".field-case_number").inner_text().strip()


def test_keys_lead_to_the_buttons_and_decide_nothing(person):
    official = person("initial")
    number = a_waiting_case(official)
    page = open_case(official, number).page
    status = page.locator("#content .status").first.get_attribute("data-status")
    for outcome, key in KEYS.items():
        button = page.locator(f"button[name=outcome][value={outcome}]")
        if button.count():
            page.keyboard.press(key)
            expect(button).to_be_focused()
            expect(button).to_be_in_viewport()
    for key, target in (
        ("l", "a[data-key=l]"),
        ("t", "[data-key=t]"),
        ("w", "#warnings-title"),
        ("q", "[data-key=q]"),
    ):
        page.keyboard.press(key)
        expect(page.locator(target).first).to_be_focused()
    look = page.locator("details.look").first
    look.locator("summary").click()
    picture = look.locator("img").first
    expect(picture).to_be_in_viewport()
    expect(picture).to_have_js_property("complete", True)
    assert picture.evaluate("image => image.naturalWidth") > 0
    paper, data = look.locator("figure").bounding_box(), page.locator("#evidence-title").bounding_box()
    assert paper["x"] > data["x"] + data["width"] * 0.95, "the paper covers the calculation, not the data"
    page.keyboard.press("Escape")
    expect(picture).to_be_hidden()
    expect(look.locator("summary")).to_be_focused()
    listed = page.locator("dialog[data-keys]")
    page.keyboard.press("?")
    expect(listed).to_be_visible()
    page.keyboard.press("p")
    expect(page.locator("button[name=outcome][value=pass]")).not_to_be_focused()
    page.keyboard.press("?")
    expect(listed).to_be_hidden()
    # While somebody types, a letter is a letter; with Control it is the browser's.
    reason = page.locator("#id_reason")
    reason.focus()
    page.keyboard.type("prxltwq?")
    expect(reason).to_have_value("prxltwq?")
    expect(reason).to_be_focused()
    expect(listed).to_be_hidden()
    assert page.url.split("?")[0].endswith("/change/")
    open_case(official, number)
    assert page.locator("#content .status").first.get_attribute("data-status") == status == "initial_review"


def test_a_page_that_is_stale_approves_nothing(person):
    """Two windows of the same case: what the second one shows is past once the first one has passed it on."""
    first, second = person("initial"), person("admin")
    number = a_waiting_case(first)
    open_case(second, number)
    open_case(first, number).press("button[name=outcome][value=pass]")
    second.press("button[name=outcome][value=pass]")
    refused = second.page.locator(".error-summary")
    expect(refused).to_contain_text("没有作任何改动")
    expect(refused).to_contain_text("待复审")
    expect(second.page.locator("#content .status").first).to_have_attribute("data-status", "final_review")
    assert second.page.locator(".opinions > li").count() == 1


def test_no_page_of_the_desk_is_wider_than_a_telephone(person):
    """Lists, and the first row's page of each, with everything unfolded."""
    page = person("admin").page
    page.set_viewport_size({"width": 360, "height": 740})
    lists = [
        f"/admin/{path}"
        for path in (
            "casework/case/?queue=all",
            "notices/notice/",
            "notices/objection/",
            "notices/letter/",
            "casework/delegation/",
            "casework/conflict/",
            "overview/",
        )
    ]
    for path in lists:
        page.goto(path)
        first = page.locator("#result_list tbody tr th a").first
        found = [first.get_attribute("href")] if first.count() else []
        if "/casework/case/" in path:
            found.append(found[0].split("change/")[0] + "lines/")
        for address in (path, *found):
            page.goto(address)
            page.evaluate("document.querySelectorAll('details').forEach(found => { found.open = true })")
            width = page.evaluate("document.documentElement.scrollWidth")
            assert width <= 360, f"{address}: {width} pixels"
