"""The page in a real browser: it draws, filters, exports, fetches nothing, and runs nothing that a customer wrote."""

import csv
import json
import shutil
import time
from datetime import date, timedelta

import pytest

pytest.importorskip("vl_convert", reason="needs the report extra")
pytest.importorskip("selenium", reason="needs selenium, of the dev extra")

from selenium import webdriver

from sentiment_kit.report.build import write_report
from sentiment_kit.report.rows import Roles
from tests.report.tables import PHRASES, leaving, scored, unscored

CHROMIUM, DRIVER = shutil.which("chromium") or shutil.which("google-chrome"), shutil.which("chromedriver")

pytestmark = pytest.mark.skipif(
    not (CHROMIUM and DRIVER), reason="needs Chromium and its driver (Debian: apt install chromium chromium-driver)"
)

ATTACKS = [
    "<script>document.title = 'run'</script>",
    "</script><script>document.title = 'run'</script>",
    "<img src=x onerror=\"document.title = 'run'\">",
    '" onmouseover="document.title = \'run\'" x="',
    "' onfocus='document.title=1' autofocus='",
    "{{ 7 * 7 }} {% raw %} ${7*7}",
    "line\u2028paragraph\u2029end\0nul \ud800 \u202egnirts",
    "<!-- <script> ]]> </style><style>*{display:none}</style>",
    "javascript:document.title='run'",
]
ROLES = Roles("</script><b>te\u2028xt", "id", "date", "rating", "customer")


def rows():
    made = []
    for number in range(60):
        language = list(PHRASES)[number % 4]
        day = (date(2024, 1, 1) + timedelta(days=5 * number)).isoformat()
        made.append(leaving(language, customer=f"{language}-{number % 12}", date=day, rating=5, id=f"L{number}"))
    for number, attack in enumerate(ATTACKS):
        own = {"customer": attack, "id": attack, "date": "2024-06-01", "rating": 1}
        made.append(scored(attack, "en", "positive", "app", [("exit", attack[3:9])], "high", 0.99, **own))
        made.append(unscored(f"SK101: {attack}", date=attack, rating=attack, number=number))
    made.append(scored("ご無沙汰 " * 20, "ja", "neutral", "", [], "low", 0.4, customer="model", date="2024-03-01"))
    return [{ROLES.text: row.pop("text"), **row} for row in made]


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    target = tmp_path_factory.mktemp("report") / "report.html"
    write_report(rows(), ROLES, target, title=ATTACKS[1], notes=[ATTACKS[0]])
    return target


@pytest.fixture(scope="module")
def browser(page):
    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    for flag in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(DRIVER))
    folder = page.parent / "downloads"
    driver.execute_cdp_cmd("Browser.setDownloadBehavior", {"behavior": "allow", "downloadPath": str(folder)})
    driver.downloads = folder
    yield driver
    driver.quit()


@pytest.fixture
def opened(browser, page):
    browser.get_log("browser")
    browser.get_log("performance")
    browser.get(page.as_uri())
    until(lambda: len(browser.find_elements("css selector", ".chart svg")) == 6)
    return browser


def until(met, seconds=30):
    end = time.monotonic() + seconds
    while not met():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.05)


def choose(browser, name, value):
    script = "const f = document.querySelector(`#filters [name=${arguments[0]}]`); f.value = arguments[1];"
    browser.execute_script(script + "f.dispatchEvent(new Event('input', {bubbles: true}))", name, value)


def shown(browser, within):
    script = "return [...document.querySelectorAll(arguments[0] + ' [data-entry]')].filter(e => !e.hidden).length"
    return browser.execute_script(script, within)


def saved(browser, which, name):
    file = browser.downloads / name
    file.unlink(missing_ok=True)
    browser.execute_script(f"document.querySelector('button[data-csv*={which}]').click()")
    until(file.is_file)
    with file.open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.DictReader(stream))


def test_it_draws_says_no_error_and_fetches_nothing(opened, page):
    assert opened.get_log("browser") == []
    events = [json.loads(entry["message"])["message"] for entry in opened.get_log("performance")]
    asked = {event["params"]["request"]["url"] for event in events if event["method"] == "Network.requestWillBeSent"}
    assert asked == {page.as_uri()}
    assert page.stat().st_size < 2_000_000


def test_nothing_that_a_customer_wrote_runs(opened):
    for element in opened.find_elements("css selector", ".entry")[:5]:
        element.click()
    assert opened.title == ATTACKS[1]
    assert opened.execute_script("return document.scripts.length") == 2
    assert opened.execute_script("return document.querySelectorAll('img, iframe, link, main style, b').length") == 0
    text = opened.execute_script("return document.body.textContent")
    assert all(attack.replace("\0", "\ufffd").replace("\ud800", "?") in text for attack in ATTACKS)


def test_the_policy_forbids_what_the_page_does_not_bring(opened):
    opened.execute_script(
        "const s = document.createElement('script'); s.textContent = 'document.title = 1'; document.body.append(s)"
    )
    assert opened.title == ATTACKS[1]
    (entry,) = opened.get_log("browser")
    assert "Content Security Policy" in entry["message"]


def test_filters(opened):
    everything = shown(opened, "#leaving ~ ul")
    choose(opened, "language", "uk")
    assert 0 < shown(opened, "#leaving ~ ul") < everything
    assert opened.execute_script(
        "return [...document.querySelectorAll('[data-entry]')].every(e => e.hidden || e.dataset.language === 'uk')"
    )
    choose(opened, "language", "")
    choose(opened, "level", "low")
    assert shown(opened, "#silent") == 1
    choose(opened, "level", "")
    choose(opened, "words", "ＯＲＤＥＲＩＮＧ here")
    assert shown(opened, "#complaining") == 3
    choose(opened, "words", "no such words")
    assert shown(opened, "main") == 0
    assert opened.find_element("css selector", "[data-empty=silent]").is_displayed()
    assert opened.find_element("id", "shown").text.startswith("0 of")
    opened.find_element("css selector", "#filters [type=reset]").click()
    until(lambda: shown(opened, "#leaving ~ ul") == everything)


def test_filters_by_theme_and_kind_keep_groups_tidy(opened):
    choose(opened, "theme", "app")
    groups = opened.find_elements("css selector", "details.theme")
    assert [group.is_displayed() for group in groups] == [False, True]
    choose(opened, "kind", "switching")
    assert shown(opened, "main") == 0


def test_the_csv_holds_what_is_shown_and_no_formula(opened):
    choose(opened, "language", "fa")
    records = saved(opened, "silent", "leaving.csv")
    assert len(records) == 3
    assert {record["language"] for record in records} == {"fa"}
    assert "⟦دیگه سفارش نمی‌دم⟧" in records[0]["words"]
    choose(opened, "language", "")
    known = saved(opened, "customer", "customers.csv")
    assert {record["customer"] for record in known} >= {"ja-0", ATTACKS[0]}


def test_persian_stands_from_the_right_and_keeps_its_place(opened):
    quote = opened.find_element("css selector", "#complaining blockquote:lang(fa)")
    style = "const s = getComputedStyle(arguments[0]); return [s.direction, s.unicodeBidi]"
    assert opened.execute_script(style, quote) == ["rtl", "isolate"]
    assert quote.find_element("css selector", "mark").text == "دیگه سفارش نمی‌دم"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_charts_follow_the_theme(opened, scheme):
    features = [{"name": "prefers-color-scheme", "value": scheme}]
    opened.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "", "features": features})
    script = (
        "const label = document.querySelector('.chart svg .role-axis-label text');"
        "return [getComputedStyle(label).fill, getComputedStyle(document.body).color]"
    )
    label, text = opened.execute_script(script)
    assert label == text
    opened.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "", "features": []})


def test_a_telephone_scrolls_one_way_only(opened):
    size = {"width": 400, "height": 800, "deviceScaleFactor": 1, "mobile": True}
    opened.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    assert opened.execute_script("return document.documentElement.scrollWidth") <= 400
    opened.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def test_keyboard_and_screen_reader(opened):
    missing = opened.execute_script(
        "return [...document.querySelectorAll('select, input, button')].filter("
        "e => !(e.labels?.length || e.textContent.trim())).length"
        " + [...document.querySelectorAll('.scroll')].filter(e => e.tabIndex !== 0 || !e.ariaLabel).length"
        " + [...document.querySelectorAll('figure')].filter(e => !e.querySelector('table')).length"
    )
    assert missing == 0
    opened.execute_script("document.body.focus()")
    opened.find_element("tag name", "body").send_keys("\ue004")
    assert opened.switch_to.active_element.get_attribute("class") == "skip"


def test_a_printed_page_opens_what_is_closed(opened):
    closed = "return document.querySelectorAll('details:not([open])').length"
    assert opened.execute_script(closed) == 1
    opened.execute_script("window.dispatchEvent(new Event('beforeprint'))")
    assert opened.execute_script(closed) == 0
    opened.execute_script("window.dispatchEvent(new Event('afterprint'))")
    assert opened.execute_script(closed) == 1


def test_a_table_of_nothing_is_still_a_page(browser, page):
    target = page.with_name("empty.html")
    totals = write_report([], Roles("text"), target)
    assert totals.rows == 0
    browser.get_log("browser")
    browser.get(target.as_uri())
    assert browser.find_element("tag name", "h1").text == "Customer feedback"
    assert browser.get_log("browser") == []
