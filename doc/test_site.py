"""The built site in a real browser; `sphinx-build` comes first."""

import shutil
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from playwright.sync_api import sync_playwright

DOC = Path(__file__).parent
SITE = DOC / "_build" / "html"
PAGES = sorted(
    path.relative_to(SITE).as_posix()
    for path in SITE.rglob("*.html")
    if "_static" not in path.parts
)
EXAMPLES = sorted(path.stem for path in DOC.parent.glob("examples/*.py"))
WIDTHS = (400, 1300)
BROWSER = shutil.which("chromium") or shutil.which("google-chrome")

pytestmark = pytest.mark.skipif(
    BROWSER is None, reason="no browser: install chromium, or google-chrome"
)


class Quiet(SimpleHTTPRequestHandler):
    """A server that does not log."""

    def log_message(self, *args):
        pass


@pytest.fixture(scope="module")
def address():
    assert PAGES, f"There is no site in {SITE}; build it first."
    with ThreadingHTTPServer(
        ("localhost", 0), partial(Quiet, directory=SITE)
    ) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://localhost:{server.server_port}"
        server.shutdown()


@pytest.fixture(scope="module")
def context(address):
    """Open a browser; whatever is wrong on a page ends up in ``context.faults``."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=BROWSER)
        context = browser.new_context(
            base_url=address, permissions=["clipboard-read", "clipboard-write"]
        )
        context.faults = []
        context.on(
            "console", lambda message: _note(context, message.type, message.text)
        )
        context.on("weberror", lambda error: _note(context, "error", str(error.error)))
        context.on(
            "requestfailed", lambda request: _note(context, "error", request.url)
        )
        yield context
        browser.close()


def _note(context, kind, text):
    if kind == "error":
        context.faults.append(text)


@pytest.fixture
def page(context):
    context.faults.clear()
    page = context.new_page()
    yield page
    page.close()


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", PAGES)
def test_page(page, name, width):
    page.set_viewport_size({"width": width, "height": 900})
    page.goto(name)
    pictures = page.locator("img").evaluate_all(
        "images => images.map(image => [image.src, image.naturalWidth])"
    )
    assert [source for source, size in pictures if size == 0] == []
    # Wide tables and code scroll in boxes of their own.
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    heading = page.locator("h1").first.bounding_box()
    assert heading["x"] >= 0
    assert heading["x"] + heading["width"] <= width
    assert page.context.faults == []


def test_search_finds_a_method(page):
    page.goto("search.html?q=predict_interval")
    results = page.locator("#search-results li a")
    results.first.wait_for()
    targets = results.evaluate_all("links => links.map(link => link.href)")
    method = "api/sklearn_5d.FiveDRegressor.html#sklearn_5d.FiveDRegressor."
    assert any(f"{method}predict_interval" in target for target in targets)


def test_gallery_has_a_picture_of_each_example(page):
    page.goto("gallery/index.html")
    for stem in EXAMPLES:
        card = page.locator(
            ".sphx-glr-thumbcontainer", has=page.locator(f"a[href$='{stem}.html']")
        )
        assert card.locator("img").evaluate("image => image.naturalWidth") > 100


def test_code_copies_without_prompts(page):
    page.goto("index.html")
    block = page.locator("div.highlight", has_text="make_function").first
    block.hover()
    block.locator("button.copybtn").click()
    page.wait_for_timeout(100)
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied.startswith("from matplotlib import pyplot as plt\nfrom sklearn_5d")
    assert ">>>" not in copied
    compile(copied, "copied", "exec")


def test_table_of_the_report_sorts(page):
    page.goto("benchmark.html")
    table = page.locator("table.sortable", has_text="exponent").first
    head = table.locator("thead th").last
    cells = table.locator("tbody tr td:last-child")

    def figures():
        texts = [text.replace(",", "") for text in cells.all_text_contents()]
        return [float(text) for text in texts if text.strip("- ")]

    before = figures()
    head.click()
    assert figures() == sorted(before)
    head.click()
    assert figures() == sorted(before, reverse=True)
    assert before != sorted(before)


@pytest.mark.parametrize(
    ("card", "word"),
    [
        ("An interval around it", "predict_interval"),
        ("Save a model", "load"),
        ("When not to use it", "Trees may be better"),
    ],
)
def test_one_click_from_the_start(page, card, word):
    page.goto("index.html")
    page.locator(".sd-card", has_text=card).click()
    page.wait_for_load_state()
    assert word in page.locator("article").inner_text()
