"""The report in a real browser: headless Chromium, driven through chromedriver by Selenium.

    report_browser.py OUT NAME=PAGE...

Every page is opened at phone and desktop width, light and dark. Checked: nothing on the console, no request but the page itself, every
chart drawn, no horizontal overflow, contrast of all visible text (WCAG AA), no "NaN" or "undefined" on the screen, text of models not
run. The page called "main" is used as a person would: search, filters, order, pages, tooltips by mouse, tap and keys, theme, print.
Screenshots go to OUT. INJECTED is a text that the page "injected" holds. Ends with "ok" and exit code 0, or with the first failure.
"""
import base64
import json
import os
import shutil
import sys
import tempfile
import time

from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import Select

FLAGS = ("--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking"
         " --disable-component-update --disable-sync --disable-dev-shm-usage").split()
PHONE, DESKTOP = (390, 844), (1280, 900)

# Contrast of every visible text against what lies behind it, and sizes, as WCAG 2.2 defines them (1.4.3, relative luminance).
CONTRAST = r"""
const parse = (c) => { const m = c.match(/[\d.]+/g).map(Number); return [m[0], m[1], m[2], m.length > 3 ? m[3] : 1]; };
const over = (top, under) => [0, 1, 2].map((i) => top[i] * top[3] + under[i] * (1 - top[3])).concat([1]);
const light = (c) => { const [r, g, b] = c.slice(0, 3).map((v) => { v /= 255; return v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4; }); return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
const bad = [];
let n = 0;
const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
for (let node; (node = walker.nextNode());) {
    const e = node.parentElement;
    if (!node.data.trim() || ["SCRIPT", "STYLE", "NOSCRIPT"].includes(e.tagName)) continue;
    const style = getComputedStyle(e);
    const box = e.getBoundingClientRect();
    if (style.visibility !== "visible" || box.width < 2 || box.height < 2 || e.closest(".visually-hidden") || e.disabled) continue;
    let back = [0, 0, 0, 0];
    const layers = [];
    for (let a = e; a; a = a.parentElement) layers.push(parse(getComputedStyle(a).backgroundColor));
    back = layers.reverse().reduce((under, top) => over(top, under), [255, 255, 255, 1]);
    const text = over(parse(style.color), back), a = light(text), b = light(back);
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05), size = parseFloat(style.fontSize);
    const large = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
    n++;
    if (ratio < (large ? 3 : 4.5)) bad.push([ratio.toFixed(2), e.tagName, e.className, node.data.trim().slice(0, 40)]);
}
return { n, bad };
"""

# Pixels of each chart that are not as its corner: a chart that is not drawn has none.
DRAWN = r"""
return [...document.querySelectorAll(".u-wrap canvas")].map((c) => {
    const data = c.getContext("2d").getImageData(0, 0, c.width, c.height).data;
    let n = 0;
    for (let i = 0; i < data.length; i += 4) if (data[i + 3] > 200) n++;
    return n;
});
"""


def check(condition, what):
    if not condition:
        raise AssertionError(what)


def find(names):
    for name in names:
        if shutil.which(name):
            return shutil.which(name)
    raise SystemExit(f"no {names[0]}: install the packages chromium and chromium-driver")


class Browser:
    def __init__(self, out):
        self.out = out
        self.profile = tempfile.mkdtemp()
        options = webdriver.ChromeOptions()
        options.binary_location = find(["chromium", "chromium-browser", "google-chrome"])
        for flag in FLAGS + [f"--user-data-dir={self.profile}"]:
            options.add_argument(flag)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
        self.driver = webdriver.Chrome(service=Service(find(["chromedriver"])), options=options)
        self.page = None

    def close(self):
        self.driver.quit()
        shutil.rmtree(self.profile, ignore_errors=True)

    def js(self, script, *arguments):
        return self.driver.execute_script(script, *arguments)

    def all(self, selector):
        return self.driver.find_elements(By.CSS_SELECTOR, selector)

    def one(self, selector):
        found = self.all(selector)
        check(found, f"{self.page}: nothing is '{selector}'")
        return found[0]

    def open(self, page, size, scheme):
        self.page = page
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride",
                                    dict(width=size[0], height=size[1], deviceScaleFactor=1, mobile=size == PHONE))
        self.driver.execute_cdp_cmd("Emulation.setTouchEmulationEnabled", dict(enabled=size == PHONE))
        self.media(scheme)
        self.driver.get_log("performance")  # the browser's own start page, before
        self.driver.get("file://" + os.path.abspath(page))

    def media(self, scheme, media=""):
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia",
                                    dict(media=media, features=[dict(name="prefers-color-scheme", value=scheme)]))

    def screenshot(self, name):
        size = self.js("return [innerWidth, document.documentElement.scrollHeight]")
        shot = self.driver.execute_cdp_cmd("Page.captureScreenshot", dict(
            captureBeyondViewport=True, clip=dict(x=0, y=0, width=size[0], height=min(size[1], 8000), scale=1)))
        with open(os.path.join(self.out, name + ".png"), "wb") as file:
            file.write(base64.b64decode(shot["data"]))

    def quiet(self):
        """Nothing on the console, no request but the page."""
        log = [entry["message"] for entry in self.driver.get_log("browser")]
        check(not log, f"{self.page}: on the console: {log}")
        for entry in self.driver.get_log("performance"):
            message = json.loads(entry["message"])["message"]
            if message["method"] == "Network.requestWillBeSent":
                url = message["params"]["request"]["url"]
                check(url == "file://" + os.path.abspath(self.page), f"{self.page}: asks for {url}")


def looks_right(browser, name, sections=10):
    """What holds of every page at every size."""
    width = browser.js("return [document.documentElement.scrollWidth, innerWidth]")
    check(width[0] <= width[1], f"{name}: {width[0]} pixels wide on a screen of {width[1]}")
    text = browser.js("return document.body.innerText")
    for word in ("NaN", "undefined", "Infinity", "[object", "could not be shown"):
        check(word not in text, f"{name}: '{word}' on the page")
    check(len(browser.all("section")) == sections, f"{name}: sections are missing")
    check(all(section.text.count("\n") >= 1 for section in browser.all("section")), f"{name}: an empty section")
    drawn = browser.js(DRAWN)
    check(len(drawn) == len(browser.all(".chart")) and all(n > 1000 for n in drawn), f"{name}: charts not drawn: {drawn}")
    # Also what is folded away.
    browser.js("document.querySelectorAll('details').forEach((d) => { d.open = true; })")
    contrast = browser.js(CONTRAST)
    check(contrast["n"] > 20 and not contrast["bad"], f"{name}: contrast too low: {contrast['bad'][:5]}")
    width = browser.js("return [document.documentElement.scrollWidth, innerWidth]")
    check(width[0] <= width[1], f"{name}: with all unfolded {width[0]} pixels wide on a screen of {width[1]}")
    browser.js("document.querySelectorAll('details').forEach((d) => { d.open = false; })")
    return len(drawn)


def harmless(browser, text):
    """Text of models stays text: the words are there, the elements are not."""
    check(text in browser.js("return document.getElementById('samples').textContent"), f"{browser.page}: the injected text is not shown")
    check(not browser.all("img, iframe, object, embed, link"), f"{browser.page}: an injected element")
    check(len(browser.all("script")) == 2, f"{browser.page}: an injected script")
    check(browser.js("return window.injected === undefined"), f"{browser.page}: an injected script ran")


def found(browser):
    words = browser.one("#samples .found").text.split()
    return 0 if words[0] == "No" else int("".join(words[:-2]))


def use_table(browser):
    everything = found(browser)
    rows = lambda: browser.all("#samples tbody tr")
    check(0 < len(rows()) <= 25, "the first page of samples")
    search = browser.one("#search")
    word = max(browser.js("return document.querySelector('#samples .textcell .text').textContent").split(), key=len).lower()
    search.send_keys(word)
    some = found(browser)
    check(0 < some < everything, f"a search for '{word}' finds {some} of {everything}")
    check(all(word in browser.js("return arguments[0].textContent", row).lower() for row in rows()), f"a row without '{word}'")
    search.clear()
    search.send_keys("no such words at all")
    check(found(browser) == 0 and not rows(), "a search for what is not there")
    search.send_keys(Keys.CONTROL, "a")
    search.send_keys(Keys.DELETE)
    check(found(browser) == everything, "an empty search finds all")
    states = Select(browser.one("#filter-reason"))
    states.select_by_visible_text("rejected")
    rejected = found(browser)
    check(0 < rejected < everything and not browser.all("#samples .badge.kept"), "only rejected ones")
    states.select_by_visible_text("kept")
    check(found(browser) == everything - rejected and not browser.all("#samples .badge.rejected"), "only kept ones")
    states.select_by_visible_text("all")
    Select(browser.one("#filter-stage")).select_by_index(1)
    check(0 < found(browser) < everything, "a stage alone")
    Select(browser.one("#filter-stage")).select_by_index(0)
    button = [b for b in browser.all("#samples .sort") if b.text == "Tokens"][0]
    column = browser.js("return [...arguments[0].closest('tr').children].indexOf(arguments[0].parentElement)", button)
    values = lambda: [int(v) for v in (browser.js("return arguments[0].children[arguments[1]].textContent", row, column) for row in rows()) if v != "–"]
    browser.js("arguments[0].click()", button)
    check(values() == sorted(values()), "ordered by tokens")
    browser.js("arguments[0].click()", button)
    check(values() == sorted(values(), reverse=True), "and the other way round")
    check(browser.js("return arguments[0].parentElement.getAttribute('aria-sort')", button) == "descending", "aria-sort")
    first = rows()[0].text
    browser.js("[...document.querySelectorAll('#samples .pager button')][1].click()")
    check(rows()[0].text != first, "the next page")


def use_charts(browser):
    for chart in browser.all(".chart"):
        section = browser.js("return arguments[0].closest('section').id", chart)
        tip = lambda: browser.js("const t = arguments[0].querySelector('.tip'); return t.hidden ? null : t.textContent", chart)
        browser.js("arguments[0].scrollIntoView({block: 'center'})", chart)
        chart.send_keys(Keys.ARROW_RIGHT)
        one = tip()
        check(one, f"{section}: no tooltip by keys")
        chart.send_keys(Keys.ARROW_RIGHT)
        browser.js("arguments[0].focus()", chart)
        check(browser.js("return arguments[0].closest('figure').querySelector('[role=status]').textContent", chart), f"{section}: nothing is said")
        outline = browser.js("return parseFloat(getComputedStyle(arguments[0]).outlineWidth)", chart)
        check(outline >= 2, f"{section}: focus is not seen")
        # The mouse at the mark that the keys chose shows the same.
        same = tip()
        box = browser.js("const t = arguments[0].querySelector('.tip').getBoundingClientRect(), c = arguments[0].getBoundingClientRect(); return [t.left >= c.left - 1, t.right <= c.right + 1]", chart)
        check(all(box), f"{section}: the tooltip leaves the chart")
        chart.send_keys(Keys.ESCAPE)
        check(tip() is None, f"{section}: Escape")
        # Walk over the chart until a mark answers.
        area = browser.js("return (({width, height}) => [width, height])(arguments[0].querySelector('.u-over').getBoundingClientRect())", chart)
        hit = None
        over = chart.find_element(By.CSS_SELECTOR, ".u-over")
        for step in range(1, 200):
            x, y = (step * 37 % 100) / 100 - 0.5, (step * 61 % 100) / 100 - 0.5
            browser.js("const r = arguments[0].getBoundingClientRect(); arguments[0].dispatchEvent(new MouseEvent('mousemove', "
                       "{bubbles: true, clientX: r.left + r.width * arguments[1], clientY: r.top + r.height * arguments[2]}))", over, x + 0.5, y + 0.5)
            if tip():
                hit = (x * area[0], y * area[1])
                break
        check(hit, f"{section}: no tooltip by mouse")
        browser.js("arguments[0].dispatchEvent(new MouseEvent('mouseleave'))", over)
        check(tip() is None, f"{section}: the tooltip stays")
        # A real pointer, too.
        ActionChains(browser.driver).move_to_element_with_offset(over, int(hit[0]), int(hit[1])).perform()
        check(tip(), f"{section}: no tooltip by the pointer")
        if section == "map":
            check(" · " in tip(), "map: the tooltip tells where a text is from")
        check(same, section)


def tap_map(browser):
    over = browser.one("#map .u-over")
    browser.js("arguments[0].scrollIntoView({block: 'center'})", over)
    spot = browser.js("const p = JSON.parse(document.getElementById('data').textContent).map.points[0]; const r = arguments[0].getBoundingClientRect(); return [r.left, r.top, r.width, r.height]", over)
    for step in range(1, 120):
        x, y = spot[0] + spot[2] * (step * 37 % 100) / 100, spot[1] + spot[3] * (step * 61 % 100) / 100
        for kind in ("touchStart", "touchEnd"):
            browser.driver.execute_cdp_cmd("Input.dispatchTouchEvent", dict(type=kind, touchPoints=[dict(x=x, y=y)] if kind == "touchStart" else []))
        if browser.js("return !document.querySelector('#map .tip').hidden"):
            return
    raise AssertionError("map: no tooltip by a tap")


def walk_by_keys(browser):
    """Tab from the top: the skip link first, then every control; each shows that it has the focus."""
    browser.driver.refresh()
    seen = []
    for _ in range(40):
        ActionChains(browser.driver).send_keys(Keys.TAB).perform()
        seen.append(browser.js("const e = document.activeElement; return [e.tagName, e.className, e.id, parseFloat(getComputedStyle(e).outlineWidth)]"))
    check(seen[0][1] == "skip", f"the first stop is {seen[0]}")
    check(any(stop[2] == "theme" for stop in seen) and any("chart" in stop[1] for stop in seen), "theme and charts are stops")
    check(len({tuple(stop) for stop in seen}) > 5 and all(stop[3] >= 2 for stop in seen), f"a focus that is not seen: {[s for s in seen if s[3] < 2][:3]}")


def theme_and_print(browser):
    back = lambda: browser.js("return getComputedStyle(document.documentElement).backgroundColor")
    before = back()
    browser.one("#theme").click()
    check(back() != before and browser.one("#theme").get_attribute("aria-pressed") == "true", "the theme button")
    contrast = browser.js(CONTRAST)
    check(not contrast["bad"], f"contrast after the button: {contrast['bad'][:5]}")
    pdf = browser.driver.execute_cdp_cmd("Page.printToPDF", dict(printBackground=True))
    check(len(pdf["data"]) > 20000, "the printed page")
    check(back() != before, "the theme is the reader's again after printing")
    with open(os.path.join(browser.out, "main.pdf"), "wb") as file:
        file.write(base64.b64decode(pdf["data"]))
    browser.one("#theme").click()
    check(back() == before, "the theme button, again")


def policy_holds(browser):
    """Last: what the policy stops is a complaint on the console."""
    # In a callback of the page: what the driver itself runs is exempt.
    stopped = browser.driver.execute_async_script("""
        const done = arguments[arguments.length - 1];
        setTimeout(() => {
            const failures = [];
            try { (0, eval)("1"); failures.push("eval"); } catch (e) { }
            try { document.body.innerHTML += "<p>x</p>"; failures.push("innerHTML"); } catch (e) { }
            const script = document.createElement("script");
            try { script.textContent = "window.injected = 1"; document.body.append(script); } catch (e) { }
            if (window.injected) failures.push("script");
            done(failures);
        }, 0);""")
    check(stopped == [], f"the policy lets through: {stopped}")
    fetched = browser.driver.execute_async_script("""
        const done = arguments[arguments.length - 1];
        fetch("http://127.0.0.1:9/").then(() => done("fetched"), (e) => done(String(e)));""")
    check(fetched != "fetched", "a request left the page")
    log = " ".join(entry["message"] for entry in browser.driver.get_log("browser"))
    check("Content Security Policy" in log, "the policy is there")


def main():
    out, pages = sys.argv[1], [argument.split("=", 1) for argument in sys.argv[2:]]
    injected = os.environ.get("INJECTED", "")
    os.makedirs(out, exist_ok=True)
    browser = Browser(out)
    try:
        for name, page in pages:
            begin = time.time()
            # Every page on a phone; the main one everywhere.
            views = [(size, scheme) for size in (PHONE, DESKTOP) for scheme in ("light", "dark")]
            for size, scheme in views if name == "main" else [(PHONE, "dark"), (DESKTOP, "light")]:
                browser.open(page, size, scheme)
                # A model unlearned the set of these two: before and after, and the losses.
                sections = 12 if name in ("main", "stored") else 10
                charts = looks_right(browser, f"{name}, {size[0]} pixels, {scheme}", sections)
                browser.screenshot(f"{name}-{size[0]}-{scheme}")
                browser.quiet()
            if name == "injected":
                harmless(browser, injected)
            if name == "main":
                check(charts == 4, f"main: {charts} charts, not 4")
                browser.open(page, DESKTOP, "light")
                use_table(browser)
                use_charts(browser)
                walk_by_keys(browser)
                theme_and_print(browser)
                browser.media("light", "print")
                check(not browser.js(CONTRAST)["bad"], "contrast in print")
                browser.quiet()
                browser.open(page, PHONE, "light")
                tap_map(browser)
                browser.js("document.querySelectorAll('#map input').forEach((box) => box.click())")
                check(not browser.all("#map input:checked"), "map: sets can be taken off")
                browser.quiet()
                policy_holds(browser)
            print(f"{name}: {charts} charts, {time.time() - begin:.1f} s")
    finally:
        browser.close()
    print("ok")


if __name__ == "__main__":
    main()
