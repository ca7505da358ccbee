"""The page, in a real browser: what it says, that it can be filtered, in light and in dark."""

from __future__ import annotations

import re
import shutil
import struct
import zlib
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from chromium import Browser
from programs_on_disk import SLOW_HELPER, VIEWS, run_conclint, write_project

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)

JOBS = """\
import asyncio
import time
from concurrent.futures import ThreadPoolExecutor, ProcessPoolExecutor


def count(limit):
    total = 0
    for number in range(limit):
        total += number * number
    return total


def fetch(url):
    time.sleep(1)
    return url


def compute():
    with ThreadPoolExecutor() as pool, ProcessPoolExecutor() as processes:
        pool.submit(count, 30_000_000)
        processes.submit(count, 30_000_000)


async def main(url):
    time.sleep(0.5)
    return await asyncio.to_thread(fetch, url)
"""
ODD = "import time\nasync def f(): time.sleep(1); x = '</script><b>\"&\\x00\u202e {{ 1 + 1 }}'\n"
EXPECTED = {
    "app/jobs.py:20:9": "CON201",
    "app/jobs.py:25:5": "CON102",
    "app/odd.py:2:16": "CON102",
    "app/views.py:5:12": "CON101",
}


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("html")
    project = write_project(folder / "project", views=VIEWS, helper=SLOW_HELPER, jobs=JOBS, odd=ODD)
    done = run_conclint(project, "--output-format=html:../report.html")
    assert (done.returncode, done.stdout) == (1, "")
    return folder / "report.html"


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    if CHROMIUM is None:
        pytest.skip("needs Chromium (Debian's package chromium)")
    with Browser(CHROMIUM, tmp_path_factory.mktemp("profile")) as browser:
        yield browser


@pytest.fixture
def browser(started: Browser, page: Path) -> Browser:
    """It shows the page, loaded anew."""
    started.open(page)
    return started


def ask(browser: Browser, script: str) -> Any:
    """What the function body gives in the page."""
    return browser.value(f"(() => {{ {script} }})()")


def corner(data: bytes) -> tuple[int, int, int]:
    """The colour of a PNG's first pixel."""
    assert data.startswith(b"\x89PNG")
    body = b""
    place = 8
    while place < len(data):
        (length,) = struct.unpack(">I", data[place : place + 4])
        if data[place + 4 : place + 8] == b"IDAT":
            body += data[place + 8 : place + 8 + length]
        place += 12 + length
    row = zlib.decompress(body)
    return (row[1], row[2], row[3])  # the first pixel is what any of PNG's filters leaves as it is


def test_the_text_of_the_page(browser: Browser) -> None:
    cards = ask(
        browser,
        "return [...document.querySelectorAll('article')].map(card => [card.querySelector('.place code')"
        ".textContent, card.querySelector('.badge').textContent, card.innerText])",
    )
    assert {place: code for place, code, _ in cards} == EXPECTED
    texts = {place: text for place, _, text in cards}
    assert "return helper.load(url)" in texts["app/views.py:5:12"]
    assert "return requests.get(url, timeout=5)" in texts["app/views.py:5:12"]
    assert "app/helper.py:5" in texts["app/views.py:5:12"]
    assert "import asyncio\n\nreturn await asyncio.to_thread(helper.load, url)" in texts["app/views.py:5:12"]
    assert "{{ 1 + 1 }}" in texts["app/odd.py:2:16"]


def test_the_functions_to_change_come_first(browser: Browser) -> None:
    """A helper is named once, with what it calls and a way to its finding; no longer than the window."""
    rows = ask(
        browser,
        """
        return [...document.querySelectorAll("table.roots tbody tr")].map(row => [
          row.querySelector("code").textContent,
          row.cells[1].textContent,
          document.querySelector(row.querySelector("a").getAttribute("href")).dataset.rule,
        ]);
        """,
    )
    assert sorted(rows) == [
        ["helper.load", "requests.get", "CON101"],
        ["jobs.compute", "app.jobs.count", "CON201"],
        ["jobs.main", "time.sleep", "CON102"],
        ["odd.f", "time.sleep", "CON102"],
    ]
    tops = ask(
        browser,
        "return ['table.roots', '#picture', 'article'].map(each =>"
        " document.querySelector(each).getBoundingClientRect().top)",
    )
    assert tops == sorted(tops)
    assert tops[-1] < 1_100


def test_the_picture_shows_who_waits_for_what(browser: Browser) -> None:
    lanes = ask(
        browser,
        "return [...document.querySelectorAll('.lane')].map(lane =>"
        " [...lane.querySelectorAll('.box code')].map(name => name.textContent))",
    )
    assert sorted(lanes) == [
        ["event loop", "jobs.main", "time.sleep"],
        ["event loop", "odd.f", "time.sleep"],
        ["thread", "jobs.compute", "app.jobs.count"],
        ["views.show", "helper.load", "requests.get"],
    ]
    placed = ask(browser, "return [...document.querySelectorAll('.placements li')].map(e => e.textContent)")
    assert placed == [
        "app.jobs.compute hands app.jobs.count to a process app/jobs.py:21, "
        "concurrent.futures.Executor.submit",
        "app.jobs.main hands app.jobs.fetch to a thread app/jobs.py:26, asyncio.to_thread",
    ]


@pytest.mark.parametrize("width", [390, 1100, 1440])
def test_nothing_is_wider_than_the_window(started: Browser, page: Path, width: int) -> None:
    """With everything open, on a phone too."""
    with started.width(width):
        started.open(page)
        wide = ask(
            started,
            """
            for (const details of document.querySelectorAll("details")) details.open = true;
            const hidden = element => element.closest(".scroll, pre, .unseen, .skip, option");
            return [
              document.documentElement.scrollWidth <= innerWidth,
              [...document.querySelectorAll("main *")]
                .filter(e => !hidden(e) && e.getBoundingClientRect().right > innerWidth)
                .map(e => e.outerHTML.slice(0, 80)),
            ];
            """,
        )
    assert wide == [True, []]


def test_what_is_chosen_is_kept_in_the_address(started: Browser, page: Path) -> None:
    """A view can be sent: opened again, it is the same; a card's own address leads to the card."""
    started.open(page)
    address = ask(
        started,
        """
        const form = document.getElementById("filters");
        form.rule.value = "CON102";
        form.text.value = "time.sleep(0.5)";
        form.group.value = "severity";
        form.group.dispatchEvent(new Event("input", {bubbles: true}));
        return location.hash;
        """,
    )
    assert address == "#text=time.sleep%280.5%29&rule=CON102&group=severity"
    shown = (
        "[[...document.querySelectorAll('article:not([hidden])')].map(e => e.id),"
        " [...document.querySelectorAll('#cards .group')].map(e => e.textContent),"
        " document.getElementById('filters').text.value]"
    )
    here = started.value(shown)
    assert len(here[0]) == 1
    started.open(page, fragment=address)
    assert started.value(shown) == here

    other = next(f"finding-{number}" for number in range(1, 5) if f"finding-{number}" != here[0][0])
    started.open(page, fragment=f"#{other}")
    assert started.value("document.activeElement.id") == other
    started.open(page, fragment="#rule=CON999&group=nothing&odd=1")
    assert len(started.value(shown)[0]) == 4
    assert started.value("document.getElementById('filters').group.value") == "file"


def test_it_can_be_filtered_and_grouped(browser: Browser) -> None:
    shown = ask(
        browser,
        """
        const form = document.getElementById("filters");
        const shown = () => [...document.querySelectorAll("article:not([hidden])")].map(card => card.dataset.rule);
        const set = (name, value) => {
          form[name].value = value;
          form[name].dispatchEvent(new Event("input", {bubbles: true}));
          return [shown(), form.querySelector("output").textContent];
        };
        const states = {all: shown()};
        states.rule = set("rule", "CON102");
        states.file = set("file", "app/odd.py");
        states.nothing = set("text", "nowhere");
        states.none = !document.getElementById("none").hidden;
        form.reset();
        document.querySelector("button.filter[data-value='CON101']").click();
        states.button = shown();
        set("rule", "");
        set("group", "rule");
        states.groups = [...document.querySelectorAll("#cards .group")].map(heading => heading.textContent);
        return states;
        """,
    )
    assert sorted(shown["all"]) == sorted(EXPECTED.values())
    assert shown["rule"] == [["CON102", "CON102"], "2 of 4 shown"]
    assert shown["file"] == [["CON102"], "1 of 4 shown"]
    assert shown["nothing"] == [[], "0 of 4 shown"]
    assert shown["none"] is True
    assert shown["button"] == ["CON101"]
    assert [heading.split(" ")[0] for heading in shown["groups"]] == ["CON101", "CON102", "CON201"]


def test_everything_is_reached_by_the_keyboard(browser: Browser) -> None:
    """What can be clicked is a control or a link of its own, named, and takes the focus."""
    wrong = ask(
        browser,
        """
        const named = element => (element.getAttribute("aria-label") || element.innerText ||
          element.textContent || element.labels?.[0]?.textContent || "").trim();
        for (const details of document.querySelectorAll("details")) details.open = true;
        const controls = document.querySelectorAll("button, input, select, summary, a[href], [tabindex='0']");
        const wrong = [];
        for (const control of controls) {
          control.focus();
          if (document.activeElement !== control) wrong.push(["no focus", control.outerHTML.slice(0, 80)]);
          if (!named(control)) wrong.push(["no name", control.outerHTML.slice(0, 80)]);
        }
        document.body.focus();
        document.activeElement.blur();
        document.dispatchEvent(new KeyboardEvent("keydown", {key: "/", bubbles: true}));
        if (document.activeElement.name !== "text") wrong.push(["/ does not search", ""]);
        for (const id of [...document.querySelectorAll("[aria-labelledby]")].map(e => e.getAttribute("aria-labelledby")))
          if (!document.getElementById(id)) wrong.push(["no label", id]);
        const ids = [...document.querySelectorAll("[id]")].map(element => element.id);
        if (new Set(ids).size !== ids.length) wrong.push(["an id twice", ""]);
        return controls.length < 20 ? ["too few controls"] : wrong;
        """,
    )
    assert wrong == []


FOCUSED = """(() => {
  const element = document.activeElement;
  if (!element || element === document.body) return null;
  const style = getComputedStyle(element);
  return [
    [...document.querySelectorAll("*")].indexOf(element),
    element.tagName,
    style.outlineStyle !== "none" || style.boxShadow !== "none",
    element.getClientRects().length > 0,
  ];
})()"""
REACHABLE = """[...document.querySelectorAll("*")].map((e, i) => [e, i]).filter(([e, i]) =>
  e.matches("button, input, select, summary, a[href], [tabindex='0']") && e.checkVisibility()
).map(([e, i]) => i)"""


def test_the_tab_key_goes_through_all_of_it(browser: Browser) -> None:
    """Keys pressed in the browser itself: each control in the order of the page, none a trap, the focus to be
    seen; Enter unfolds, the space bar ticks, and `/` leads to the search, in which one types."""
    expected = browser.value(REACHABLE)
    seen = []
    for _ in range(len(expected) + 1):
        browser.press("Tab", 9)
        focused = browser.value(FOCUSED)
        if focused is None:
            break
        seen.append(focused)
    assert [place for place, *_ in seen][: len(expected)] == expected
    assert [tag for _, tag, is_marked, is_shown in seen if not (is_marked and is_shown)] == []
    assert len(expected) > 10

    browser.press("Tab", 9)
    back = browser.value("document.activeElement.outerHTML")
    browser.press("Tab", 9)
    browser.press("Tab", 9, modifiers=8)
    assert browser.value("document.activeElement.outerHTML") == back

    is_open = browser.value(
        "(window.one = document.querySelector('details:not([open]) > summary')).focus(), one.parentElement.open"
    )
    browser.press("Enter", 13, "\r")
    assert (is_open, browser.value("one.parentElement.open")) == (False, True)

    browser.value("document.activeElement.blur()")
    browser.press("/", 191, "/")
    for letter in "odd":
        browser.press(letter, ord(letter.upper()), letter)
    assert browser.value("document.activeElement.value") == "odd"
    shown = "[...document.querySelectorAll('article:not([hidden])')].map(card => card.dataset.rule)"
    assert browser.value(shown) == ["CON102"]


CONTRASTS = """
const light = colour => {
  const [r, g, b] = colour.match(/[\\d.]+/g).map(Number).map(v => (v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
};
const ground = element => {
  for (; element; element = element.parentElement) {
    const colour = getComputedStyle(element).backgroundColor;
    if (!/, 0\\)$|transparent/.test(colour)) return colour;
  }
  return "rgb(255, 255, 255)";
};
const found = {};
for (const element of document.querySelectorAll("body *")) {
  if (element.closest("option, script") || ![...element.childNodes].some(n => n.nodeType === 3 && n.textContent.trim())) continue;
  if (!element.getClientRects().length) continue;
  const ink = getComputedStyle(element).color;
  const [a, b] = [light(ink), light(ground(element))].sort((x, y) => y - x);
  const contrast = (a + 0.05) / (b + 0.05);
  if (contrast < 4.5) found[element.tagName + "." + element.className] = contrast.toFixed(2);
}
return [getComputedStyle(document.body).backgroundColor, found];
"""


@pytest.mark.parametrize(
    ("scheme", "colour"), [("light", (251, 251, 250)), ("dark", (20, 23, 26))], ids=["light", "dark"]
)
def test_light_and_dark(started: Browser, page: Path, scheme: str, colour: tuple[int, int, int]) -> None:
    """The system's scheme is taken; every text is legible (WCAG AA); a screenshot shows it."""
    started.open(page, scheme)
    ground, illegible = ask(started, CONTRASTS)
    assert illegible == {}
    assert ground == f"rgb{colour}"
    picture = started.picture()
    assert len(picture) > 20_000
    assert corner(picture) == colour


def test_the_scheme_can_be_chosen(browser: Browser) -> None:
    grounds = ask(
        browser,
        """
        const button = document.getElementById("theme");
        const ground = () => [button.textContent, getComputedStyle(document.body).backgroundColor];
        const seen = [ground()];
        for (let turn = 0; turn < 3; turn++) { button.click(); seen.push(ground()); }
        return seen;
        """,
    )
    assert [label for label, _ in grounds] == [
        f"Colours: {name}" for name in ("system", "light", "dark", "system")
    ]
    assert [colour for _, colour in grounds][1:3] == ["rgb(251, 251, 250)", "rgb(20, 23, 26)"]


class _References(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.outside: list[tuple[str, str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if name in ("src", "href", "action", "data", "poster", "srcset") and not (value or "").startswith(
                "#"
            ):
                self.outside.append((tag, value or ""))


def test_it_needs_nothing_from_anywhere(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    references = _References()
    references.feed(text)
    assert references.outside == []
    assert "default-src 'none'" in text
    style = re.findall(r"<style>(.*?)</style>", text, re.DOTALL)[0]
    assert "url(" not in style
    assert "@import" not in style


def test_the_same_findings_give_the_same_page(page: Path, tmp_path: Path) -> None:
    project = page.parent / "project"
    run_conclint(project, f"--output-format=html:{tmp_path / 'again.html'}", "--no-cache", "--jobs=2")
    assert (tmp_path / "again.html").read_bytes() == page.read_bytes()


def test_without_findings_it_tells_what_runs_where(tmp_path: Path) -> None:
    project = write_project(tmp_path / "project", jobs=JOBS.replace("    time.sleep(0.5)\n", ""))
    done = run_conclint(project, "--select=CON101", "--output-format=html")
    assert done.returncode == 0
    assert "Nothing was found." in done.stdout
    text = re.sub("<[^>]+>", "", done.stdout)
    assert "app.jobs.main hands app.jobs.fetch to a thread" in text


def test_standard_input(tmp_path: Path) -> None:
    done = run_conclint(
        tmp_path, "--output-format=html", "-", stdin=b"import time\nasync def f():\n    time.sleep(1)\n"
    )
    assert done.returncode == 1
    assert "time.sleep(1)" in re.sub("<[^>]+>", "", done.stdout)


def test_what_has_many_callers_stands_once(tmp_path: Path) -> None:
    project = write_project(tmp_path / "project", helper=SLOW_HELPER)
    for number in range(12):
        lines = [f"async def view{index}(url):\n    return helper.load(url)\n" for index in range(6)]
        (project / f"app/views{number}.py").write_text("from app import helper\n" + "\n".join(lines))
    text = run_conclint(project, "--output-format=html").stdout
    assert text.count("<article") == 1
    assert "71 more places" in text
    assert text.count('class="lane ') == 1
    assert "<summary>67 more</summary>" in text
