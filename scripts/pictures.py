"""Screenshots of two report pages for the documents: pictures.py OUT PAGE UNLEARNED_PAGE. Called by `scripts/pictures`.

PAGE is of a run, UNLEARNED_PAGE of a run with --then --eval. Fails when a section that is to be shown is not on the page, or when a
picture is larger than 200,000 bytes: git keeps every version.
"""
import base64
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tests", "browser"))
from report_browser import Browser, check  # noqa: E402

WIDTH, LARGEST = 1000, 200_000


def shot(browser, name, top, bottom, margin=12):
    """From the top of element TOP to the bottom of element BOTTOM, the page's whole width."""
    ends = browser.js("return [arguments[0].getBoundingClientRect().top + scrollY, arguments[1].getBoundingClientRect().bottom + scrollY]", top, bottom)
    y = max(0, ends[0] - margin)
    picture = browser.driver.execute_cdp_cmd("Page.captureScreenshot", dict(
        captureBeyondViewport=True, clip=dict(x=0, y=y, width=WIDTH, height=ends[1] + margin - y, scale=1)))
    data = base64.b64decode(picture["data"])
    check(len(data) <= LARGEST, f"{name}: {len(data)} bytes")
    with open(os.path.join(browser.out, name + ".png"), "wb") as file:
        file.write(data)


def main():
    out, page, unlearned = sys.argv[1:]
    browser = Browser(out)
    try:
        browser.open(page, (WIDTH, 900), "light")
        shot(browser, "report-coverage", browser.one("#coverage"), browser.one("#coverage"))
        rows = browser.all("#samples tbody tr")
        check(len(rows) >= 4, f"{page}: {len(rows)} samples")
        shot(browser, "report-samples", browser.one("#samples"), rows[3], margin=1)
        # The long table between summary and map would make the first picture of README.md three screens high.
        browser.js("arguments[0].style.display = 'none'", browser.one("#figures"))
        shot(browser, "report", browser.one("header"), browser.one("#map .chart"))
        browser.open(unlearned, (WIDTH, 900), "light")
        for section in ("unlearning", "training"):
            shot(browser, "report-" + section, browser.one("#" + section), browser.one("#" + section))
    finally:
        browser.close()


if __name__ == "__main__":
    main()
