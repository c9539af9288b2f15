"""The HTML report: one file, nothing fetched, readable by everybody, sorted and filtered in a browser."""

from __future__ import annotations

import re
import subprocess
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from planbook.company import Department
from planbook.measures import RollUp
from planbook.measures.plain import rows_of
from planbook.problems import OutputError
from planbook.reports import headline, render_html, write_html
from planbook.reports import html as page_module
from planbook.reports.figures import adverse_rows, one_line
from planbook.reports.pictures import main_bridge
from planbook.reports.tables import report_rows
from planbook.writer.styles import BLUE
from tests.support.browser import ask_page, print_page
from tests.support.office import require_office
from tests.support.roll_ups import SMALL, Builder, large_company, small_company
from tests.test_reports import HOSTILE, hostile_company

VOID = frozenset({"meta", "input", "br", "link", "img"})
CONTRAST = """
function rgb(text) {
  var parts = text.match(/[\\d.]+/g).map(Number);
  return parts.length > 3 && parts[3] === 0 ? null : parts.slice(0, 3);
}
function light(color) {
  var c = color.map(function (v) { v /= 255; return v <= 0.03928 ? v / 12.92 : Math.pow((v + 0.055) / 1.055, 2.4); });
  return 0.2126 * c[0] + 0.7152 * c[1] + 0.0722 * c[2];
}
function ground(element) {
  for (var e = element; e; e = e.parentElement) {
    var found = rgb(getComputedStyle(e).backgroundColor);
    if (found) { return found; }
  }
  return [255, 255, 255];
}
var low = [];
document.querySelectorAll('body *').forEach(function (element) {
  var own = Array.prototype.some.call(element.childNodes, function (n) { return n.nodeType === 3 && n.textContent.trim(); });
  if (!own || element.closest('script, style, svg, title')) { return; }
  var a = light(rgb(getComputedStyle(element).color)), b = light(ground(element));
  var ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
  if (ratio < 4.5) { low.push([element.tagName, element.className, element.textContent.slice(0, 20), ratio]); }
});
return low.slice(0, 10);
"""


class Outline(HTMLParser):
    """Tags as they nest, headings, ids and texts of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open and self.open[-1] == tag, (tag, self.open[-3:])
        self.open.pop()

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] not in ("script", "style"):
            self.texts.append(data.strip())


@pytest.fixture(scope="module")
def small() -> RollUp:
    return small_company().make()


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_page_is_well_formed_and_fetches_nothing(small: RollUp, lang: str) -> None:
    text = render_html(small, lang=lang)
    outline = Outline(text)
    assert outline.open == []
    assert not [tag for tag, _ in outline.tags if tag in ("link", "img", "iframe", "base", "form", "object")]
    for tag, attributes in outline.tags:
        assert not {"src", "srcset", "action", "data"} & set(attributes), tag
        assert (attributes.get("href") or "#").startswith("#")
        assert not [name for name in attributes if name.startswith("on")]
    addresses = set(re.findall(r"https?://[^\s\"'<>]+", text))
    assert addresses <= {"http://www.w3.org/2000/svg"}
    assert "url(http" not in text and "@import" not in text
    assert "default-src 'none'" in text
    assert headline(small, lang) in outline.texts


def test_what_is_a_tree_is_not_sorted_away(small: RollUp) -> None:
    tables = [attributes for tag, attributes in Outline(render_html(small)).tags if tag == "table"]
    sortable = {str(table["id"]) for table in tables if "data-sortable" in table}
    assert "table-variance" in sortable
    assert "table-scores" in {table.get("id") for table in tables} - sortable


def test_charts_hatch_what_is_missed_and_nothing_else(small: RollUp) -> None:
    text = render_html(small)
    nodes = [row for row in rows_of(small.scores) if row["node"] == "department" and row["score"] is not None]
    scores = {row["name"]: row["score"] >= 1 for row in nodes}
    bridge = main_bridge(small, report_rows(small, "zh"), "")
    assert bridge is not None
    steps = {one_line(step.name, 10): step.good for step in bridge.steps}
    for key, met in (("scores", scores), ("bridge", steps)):
        assert False in met.values(), "something is missed"
        (chart,) = re.findall(rf'<svg(?:(?!</svg>).)*?id="hatch-{key}".*?</svg>', text, re.DOTALL)
        bars = re.findall(rf'<rect [^>]*fill="(?:{BLUE}|url\(#hatch-{key}\))"[^>]*/>', chart)
        hatched = [f"url(#hatch-{key})" in bar for bar in bars]
        assert hatched == [not good for good in met.values()]


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_page_can_be_read_by_everybody(small: RollUp, lang: str) -> None:
    tags = Outline(render_html(small, lang=lang)).tags
    assert dict(tags[0][1] if tags[0][0] == "html" else {})["lang"] == ("zh-CN" if lang == "zh" else "en")
    assert [tag for tag, _ in tags].count("h1") == 1
    ids = [attributes["id"] for _, attributes in tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    for name in ("aria-labelledby", "aria-controls", "aria-describedby", "for"):
        assert {a[name] for _, a in tags if name in a} <= set(ids)
    assert {a["href"][1:] for _, a in tags if a.get("href")} <= set(ids)
    tables = [tag for tag, _ in tags].count("table")
    assert tables == [tag for tag, _ in tags].count("caption") > 8
    assert all(a.get("scope") in ("col", "row") for tag, a in tags if tag == "th")
    pictures = [a for tag, a in tags if tag == "svg"]
    assert len(pictures) == 2
    assert all(a["role"] == "img" and a["aria-label"] for a in pictures)


def test_page_shows_the_tables_of_the_workbook(small: RollUp) -> None:
    texts = Outline(render_html(small)).texts
    for key in (
        "company_goals",
        "parts",
        "scores",
        "variance",
        "tasks",
        "matrix",
        "facts",
        "receipts",
        "quality",
    ):
        assert small.book.report(key).heading.to("zh") in texts
    assert {"XS-R001", "客观：华东暴雨；主观：跟进慢", "(274.50)", "◆ 逾期", "未收到财务部的工作簿。"} <= set(
        texts
    )


def test_hostile_text_stays_text() -> None:
    text = render_html(hostile_company().make(scope="B"))
    outline = Outline(text)
    assert outline.open == []
    scripts = [tag for tag, _ in outline.tags if tag == "script"]
    assert len(scripts) == 1
    assert not re.search("[\x00-\x08\x0b-\x1f\u202a-\u202e\ud800-\udfff]", text)
    assert HOSTILE[0] in outline.texts
    assert "<b>&amp;</b>]]>" in outline.texts


@pytest.mark.parametrize("departments", [SMALL, ()])
def test_a_company_with_nothing_returned(departments: tuple[Department, ...]) -> None:
    outline = Outline(render_html(Builder(departments).make()))
    assert outline.open == []
    assert outline.texts.count("（无）") >= 6
    assert "svg" not in [tag for tag, _ in outline.tags]


def test_the_same_figures_give_the_same_bytes(tmp_path: Path) -> None:
    for name in ("one.html", "two.html"):
        write_html(tmp_path / name, large_company().make())
    assert (tmp_path / "one.html").read_bytes() == (tmp_path / "two.html").read_bytes()
    with pytest.raises(OutputError, match="could not be written"):
        write_html(tmp_path / "missing" / "report.html", large_company().make())


def test_the_summary_says_how_many_rows_it_leaves_out(monkeypatch: pytest.MonkeyPatch) -> None:
    figures = small_company().make()
    assert "另有" not in render_html(figures)
    monkeypatch.setattr(page_module, "TOP", 1)
    text = render_html(figures)
    more = len(adverse_rows(figures)) - 1
    assert more > 0
    assert f'<a href="#variance">另有 {more} 行，见“差异汇总”。</a>' in text
    assert f'<a href="#variance">{more} more rows under Variance by goal.</a>' in render_html(
        figures, lang="en"
    )


def test_many_facts_are_cut_and_said_to_be(small: RollUp, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page_module, "MOST_FACTS", 3)
    outline = Outline(render_html(small))
    assert "此处列出前 3 行，共 7 行；全部见汇总工作簿。" in outline.texts
    ids = {attributes.get("id") for _, attributes in outline.tags}
    assert "fact-2" in ids and "fact-3" not in ids
    assert {a["href"][1:] for _, a in outline.tags if a.get("href")} <= ids


# -- in a browser --------------------------------------------------------------------------


def page_of(folder: Path, roll_up: RollUp, lang: str = "zh") -> Path:
    path = folder / "report.html"
    write_html(path, roll_up, lang=lang)
    return path


@pytest.mark.office
def test_tables_sort_and_filter_in_the_browser(tmp_path: Path) -> None:
    script = """
    var table = document.getElementById('table-variance'), body = table.tBodies[0];
    var heads = Array.prototype.slice.call(table.tHead.rows[0].cells);
    var at = heads.findIndex(function (th) { return th.textContent.trim() === '偏差率'; });
    function column() { return Array.prototype.map.call(body.rows, function (r) { return r.cells[at].dataset.sort || ''; }); }
    var result = {before: column(), resources: performance.getEntriesByType('resource').length};
    heads[at].firstElementChild.click();
    result.up = column(); result.sorted = heads[at].getAttribute('aria-sort');
    heads[at].firstElementChild.dispatchEvent(new KeyboardEvent('keydown', {key: 'Enter', bubbles: true}));
    result.down = column();
    var input = document.getElementById('filter-variance');
    input.value = '客户部 投诉'; input.dispatchEvent(new Event('input'));
    result.shown = Array.prototype.filter.call(body.rows, function (r) { return !r.hidden; }).length;
    result.said = document.getElementById('count-variance').textContent;
    result.wide = document.documentElement.scrollWidth <= document.documentElement.clientWidth;
    return result;
    """
    found: dict[str, Any] = ask_page(page_of(tmp_path, small_company().make()), tmp_path, script)
    figures = sorted(float(value) for value in found["before"] if value)
    assert found["resources"] == 0
    assert [float(value) for value in found["up"] if value] == figures
    assert found["up"][-1] == ""  # what has no figure stands last
    assert found["sorted"] == "ascending"
    assert [float(value) for value in found["down"] if value] == figures[::-1]
    assert found["shown"] == 1
    assert found["said"] == "显示 1 / 5 行"
    assert found["wide"], "the page itself scrolls sideways"


@pytest.mark.office
def test_columns_for_checking_leave_the_words_their_room(tmp_path: Path) -> None:
    script = """
    var table = document.getElementById('table-variance'), heads = table.tHead.rows[0].cells;
    var causes = Array.prototype.find.call(heads, function (th) { return /主要原因/.test(th.textContent); });
    function audit() {
      return Array.prototype.filter.call(table.querySelectorAll('.audit'), function (c) { return c.offsetWidth; }).length;
    }
    function tallest() {
      return Math.max.apply(null, Array.prototype.map.call(table.tBodies[0].rows, function (r) { return r.offsetHeight; }));
    }
    var result = {hidden: audit(), wide: causes.offsetWidth, tall: tallest()};
    document.getElementById('audit-variance').click();
    result.shown = audit(); result.still = causes.offsetWidth;
    return result;
    """
    builder = small_company()
    found: dict[str, Any] = ask_page(page_of(tmp_path, builder.make()), tmp_path, script)
    assert found["hidden"] == 0
    assert found["shown"] > 0
    assert found["wide"] >= 190  # a line of some fifteen characters
    assert found["still"] >= 190
    assert found["tall"] < 120


@pytest.mark.office
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_text_stands_out_from_its_ground(tmp_path: Path, lang: str) -> None:
    assert ask_page(page_of(tmp_path, large_company(lang).make(), lang), tmp_path, CONTRAST) == []


@pytest.mark.office
def test_page_prints_with_its_headers(tmp_path: Path) -> None:
    require_office("poppler")
    pdf = print_page(page_of(tmp_path, large_company().make()), tmp_path)
    pages = subprocess.run(
        ["pdftotext", "-layout", str(pdf), "-"], capture_output=True, check=True, encoding="utf-8"
    ).stdout.split("\f")
    assert len(pages) > 6
    assert sum("季度目标" in page for page in pages) > 2  # the facts' header, on each of their pages
    assert not [page for page in pages if "显示 " in page or "返回顶部" in page]
    size = subprocess.run(["pdfinfo", str(pdf)], capture_output=True, check=True, encoding="utf-8").stdout
    width, height = re.search(r"Page size:\s+([\d.]+) x ([\d.]+)", size).groups()  # type: ignore[union-attr]
    assert float(width) > float(height)
