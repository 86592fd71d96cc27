"""A clerk and a workbook in real Chromium: errors, the corrected file, and a worker that is killed in between."""

import io
from datetime import date

import xlsxwriter
from playwright.sync_api import expect

from tests.portal import wait_until

HEADS = (
    *("合同编号", "合同登记证书编号", "合同名称", "发包方", "发包方所在国家或地区", "业务类型"),
    *("所属领域", "币种", "合同金额", "签订日期", "开始日期"),
)


def workbook(unique: str, count: int, value: object) -> bytes:
    target = io.BytesIO()
    with xlsxwriter.Workbook(target) as book:
        day = book.add_format({"num_format": "yyyy-mm-dd"})
        page = book.add_worksheet("合同")
        page.write_row(0, 0, HEADS)
        for row in range(1, count + 1):
            number = f"WB-{unique}-{row}"
            words = (
                number,
                f"R-{number}",
                "软件开发（虚构）",
                "Example Ltd (fictional)",
                "美国",
                "ITO",
                "软件",
                "USD",
            )
            page.write_row(row, 0, words)
            page.write(row, 8, value if row == 2 else 1000)
            page.write_datetime(row, 9, date(2015, 1, 5), day)
            page.write_datetime(row, 10, date(2015, 1, 5), day)
    return target.getvalue()


def upload(clerk, content: bytes, name: str, kind: str = "offshore") -> None:
    clerk.go(f"/workbooks/new/{kind}")
    clerk.page.locator("input[type=file]").set_input_files(
        {"name": name, "mimeType": "application/octet-stream", "buffer": content}
    )
    clerk.press("main form[enctype] button[type=submit]")


def test_errors_first_then_the_corrected_file(person, portal, unique):
    clerk = person("enterprise9")
    upload(clerk, workbook(unique, 3, "一百万"), "合同.xlsx")
    expect(clerk.page.locator("main table")).to_contain_text("合同金额", timeout=60_000)
    expect(clerk.page.locator("main .notice-error")).to_be_visible()
    with clerk.page.expect_download() as download:
        clerk.page.locator("a[href$='corrected.xlsx']").click()
    assert download.value.suggested_filename.endswith("-errors.xlsx")
    upload(clerk, workbook(unique, 3, 1_000_000), "合同.xlsx")
    take_over = clerk.page.locator("form[action$=confirm] button")
    expect(take_over).to_be_visible(timeout=60_000)
    # The worker dies; another takes the job up, and the page tells when it is done.
    killed = portal.kill("worker")
    with clerk.page.expect_navigation():
        take_over.click()
    portal.wait_ready("worker", not_pid=killed)
    with portal.database() as database:
        rows = "SELECT count(*) FROM applications_contract WHERE contract_number LIKE %s"
        wait_until(lambda: database.execute(rows, [f"WB-{unique}-%"]).fetchone()[0] == 3, 90, "the take-over")
    clerk.go("/offshore/contracts/?q=" + unique)
    expect(clerk.page.locator("main tbody tr")).to_have_count(3)
    upload(clerk, workbook(unique, 3, 1_000_000), "合同.xlsx")
    expect(clerk.page.locator("form[action$=confirm] button")).to_be_visible(timeout=60_000)
    assert "0" in clerk.page.locator("form[action$=confirm] button").inner_text()
