"""An experiment's page in a real browser, checked as report_browser.py checks a run's.

    lab_browser.py OUT NAME=PAGE...

The page called "main" is used: the figure of forgetting, sets and methods taken off, keys, mouse, tap, theme, print. INJECTED is the name of
a set on the page "injected". Screenshots go to OUT. Ends with "ok" and exit code 0, or with the first failure.
"""
import os
import sys

from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import Select

from report_browser import CONTRAST, DESKTOP, DRAWN, PHONE, Browser, check, looks_right, policy_holds, theme_and_print, walk_by_keys

SECTIONS = 7
VIEWS = [(size, scheme) for size in (PHONE, DESKTOP) for scheme in ("light", "dark")]


def pixels(browser):
    return browser.js(DRAWN)[0]


def use_chart(browser):
    choice = Select(browser.one("#forgetting"))
    check([o.text for o in choice.options] == ["|PrivLeak|", "log10 Forget Quality", "ROUGE-L", "object accuracy"], "the figures of forgetting")
    for key in ("log10_forget_quality", "forget_rouge_l", "forget_object_accuracy", "privleak_distance"):
        choice.select_by_value(key)
        before = pixels(browser)  # once for each canvas: the browser complains of more
        check(len(browser.all("#tradeoff .chart")) == 1 and before > 1000, f"{key} is drawn, alone")
    chart = browser.one("#tradeoff .chart")
    chart.send_keys(Keys.ARROW_RIGHT)
    said = browser.one("#tradeoff [role=status]").get_attribute("textContent")
    check("Model Utility" in said and "|PrivLeak|" in said and "seeds" in said, f"the keys say: {said}")
    check(said == browser.one("#tradeoff .tip").text, "the tooltip shows what is said")
    seen = {said}
    for _ in range(60):
        chart.send_keys(Keys.ARROW_RIGHT)
        seen.add(browser.one("#tradeoff [role=status]").get_attribute("textContent"))
    # 6 sets x 6 methods without the one whose figure is unknown, the gold standard and the target.
    check(len(seen) == 37 and any(s.startswith("gold standard:") for s in seen) and any(s.startswith("target:") for s in seen),
          f"the keys reach {len(seen)} points")
    chart.send_keys(Keys.ESCAPE)
    check(browser.js("return document.querySelector('#tradeoff .tip').hidden"), "Escape hides the tooltip")
    browser.js("document.querySelectorAll('#tradeoff fieldset:first-of-type input').forEach((box) => box.click())")
    check(pixels(browser) < before, "sets can be taken off")
    browser.js("document.querySelectorAll('#tradeoff fieldset:first-of-type input').forEach((box) => box.click())")
    check(pixels(browser) == before, "and brought back")
    over = browser.one("#tradeoff .u-over")
    ActionChains(browser.driver).move_to_element(over).perform()
    width, height = over.size["width"], over.size["height"]
    found = False
    for y in range(-height // 2 + 5, height // 2 - 5, 24):
        ActionChains(browser.driver).move_to_element_with_offset(over, width // 4, y).perform()
        found = found or not browser.js("return document.querySelector('#tradeoff .tip').hidden")
    check(found, "a tooltip by the mouse")


def tables_tell(browser):
    browser.js("document.querySelectorAll('details').forEach((d) => { d.open = true; })")
    points = browser.all("#tradeoff tbody tr")
    check(len(points) == 35, f"the chart's table has {len(points)} points")
    rows = browser.all("#comparison table:first-of-type tbody tr")
    check(len(rows) >= 5 and "[" in rows[0].text, "differences with intervals")
    text = browser.one("#comparison").text
    check(any(word in text for word in ("better", "worse")) and "undecided" in text, "the words of the comparison")
    check(len(browser.all("#ablation table")) == 6, "a table of the parts for each figure")
    check(len(browser.all("#table tbody tr")) == 38, "a line for each set and method, gold and target")


def harmless(browser, text):
    check(browser.js("return window.injected === undefined && document.querySelectorAll('img').length === 0"), "a name became markup")
    check(text.split()[-1] in browser.js("return document.body.textContent") and text in browser.one("#sets").text, "the name is there, as text")


def main():
    out, pages = sys.argv[1], [argument.split("=", 1) for argument in sys.argv[2:]]
    os.makedirs(out, exist_ok=True)
    browser = Browser(out)
    try:
        for name, page in pages:
            for size, scheme in VIEWS if name == "main" else [(PHONE, "dark"), (DESKTOP, "light")]:
                browser.open(page, size, scheme)
                looks_right(browser, f"{name}, {size[0]} pixels, {scheme}", SECTIONS)
                browser.screenshot(f"lab-{name}-{size[0]}-{scheme}")
                browser.quiet()
            if name == "injected":
                harmless(browser, os.environ["INJECTED"])
            if name == "main":
                browser.open(page, DESKTOP, "light")
                use_chart(browser)
                tables_tell(browser)
                walk_by_keys(browser)
                theme_and_print(browser)
                browser.media("light", "print")
                check(not browser.js(CONTRAST)["bad"], "contrast in print")
                browser.quiet()
                policy_holds(browser)
    finally:
        browser.close()
    print("ok")


if __name__ == "__main__":
    main()
