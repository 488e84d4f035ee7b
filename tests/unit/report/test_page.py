import copy
import dataclasses
import re
from html.parser import HTMLParser

import pytest

from zoo_core.report.comparison import render_comparison
from zoo_core.report.evidence import Evidence
from zoo_core.report.page import render_report
from zoo_core.report.wording import counted

VOID = {"meta", "path", "line", "circle", "br", "link", "img"}


class Reader(HTMLParser):
    """Texts and tags of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict]] = []
        self.texts: list[str] = []
        self.open: list[str] = []
        self.unmatched: list[str] = []

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        if tag in VOID:
            return
        if not self.open or self.open.pop() != tag:
            self.unmatched.append(tag)

    def handle_data(self, data):
        self.texts.append(data)


def read(page: str) -> Reader:
    reader = Reader()
    reader.feed(page)
    return reader


def text_of(page: str) -> str:
    body = page.partition("</style>")[2]
    return " ".join(" ".join(read(body).texts).split())


def named_in(reader: Reader) -> list[tuple[str, str]]:
    """Attributes and their values."""
    return [(name, value or "") for _, attributes in reader.tags for name, value in attributes.items()]


def reaches_outside(name: str, value: str) -> bool:
    """Whether an attribute names something that is neither in the page nor of it."""
    return name in ("src", "srcset", "href", "xlink:href") and not value.startswith(("#", "data:image/"))


@pytest.fixture(scope="module", params=["older", "full"])
def page(request, evidence, full) -> str:
    return render_report(full if request.param == "full" else evidence)


@pytest.fixture(params=["older", "full", "comparison"])
def any_page(request, evidence, full, comparison) -> str:
    if request.param == "comparison":
        return render_comparison(comparison)
    return render_report(full if request.param == "full" else evidence)


def with_metrics(evidence: Evidence, path: tuple[str, ...], value: object) -> Evidence:
    metrics = copy.deepcopy(evidence.metrics)
    node = metrics
    for key in path[:-1]:
        node = node[key]
    node[path[-1]] = value
    return dataclasses.replace(evidence, metrics=metrics)


def test_the_page_fetches_nothing_and_runs_nothing(any_page):
    reader = read(any_page)
    assert not {tag for tag, _ in reader.tags} & {"script", "link", "iframe", "object", "embed", "image", "form"}
    assert [pair for pair in named_in(reader) if pair[0].startswith("on")] == []
    assert [pair for pair in named_in(reader) if reaches_outside(*pair)] == []
    assert not re.search(r"@import|url\(", any_page)
    assert "default-src 'none'; style-src 'unsafe-inline'; img-src data:\"" in any_page


def test_an_address_of_elsewhere_would_be_seen():
    named = named_in(read('<img src="https://x"><a href="//x"></a><a href="#x"></a><img src="data:image/png;base64,">'))
    assert [reaches_outside(*pair) for pair in named] == [True, True, False, False]


def test_every_tag_is_closed_in_its_order(any_page):
    reader = read(any_page)
    assert (reader.unmatched, reader.open) == ([], [])


def test_what_comes_from_files_is_text_and_never_markup(any_page):
    # In the card's notes and summary, in the configuration, and as a stratum; as a run's name and setting.
    assert any_page.count("&lt;script&gt;alert") >= 4
    assert "alert('x')" not in any_page


def test_a_hostile_label_is_text(evidence):
    node = dict(evidence.metrics["test"]["labels"])
    renamed = with_metrics(evidence, ("test", "labels"), {"<b onclick=x>": node.pop("Effusion"), **node})
    curves = evidence.curves.replace({"label": {"Effusion": "<b onclick=x>"}})
    page = render_report(dataclasses.replace(renamed, curves=curves))
    assert "&lt;b onclick=x&gt;" in page
    assert "<b onclick" not in page


def test_verdicts_come_before_every_number(page):
    text = text_of(page)
    assert text.index("Drawn data.") < text.index("mean AUROC")
    assert "Drawn data: no real image anywhere" in text


def test_a_change_of_a_number_in_a_file_changes_the_page(evidence, page):
    changed = render_report(with_metrics(evidence, ("test", "labels", "Effusion", "auroc"), [0.1234, 0.1, 0.2]))
    assert "0.123" in text_of(changed)
    assert "0.123" not in text_of(page)
    assert "0.100 to 0.200" in text_of(changed)


def test_what_is_undefined_is_said_with_its_reason(page):
    text = text_of(page)
    assert "undefined: no positive among 300" in text
    assert re.search(r"Hernia .*?undefined", text)


def test_the_oracle_has_a_column_where_there_is_one(evidence, page):
    assert "AUROC of the best reader possible" in text_of(page)
    metrics = copy.deepcopy(evidence.metrics)
    for node in (*metrics["test"]["labels"].values(), metrics["test"]["mean"]):
        del node["baselines"]["oracle"]
    assert "best reader possible" not in text_of(render_report(dataclasses.replace(evidence, metrics=metrics)))


def test_a_run_without_baselines_and_intervals_has_a_page_that_says_so(evidence):
    metrics = copy.deepcopy(evidence.metrics)
    for node in (*metrics["test"]["labels"].values(), metrics["test"]["mean"]):
        node["baselines"] = {}
        node |= {key: [one[0], None, None] for key in ("auroc", "auprc") if (one := node[key])}
    metrics["test"]["bootstrap"]["n_replicates"] = 0
    text = text_of(render_report(dataclasses.replace(evidence, metrics=metrics)))
    assert "No baseline." in text
    assert "No intervals were made." in text


def test_the_largest_gap_is_named_with_the_number_of_gaps(evidence, page):
    strata = evidence.strata["test"]
    gap = strata["largest_gap"]
    assert f"Largest gap: {gap['label'].replace('_', ' ')}, sex" in text_of(page)
    assert f"the largest of {counted(strata['n_gaps'], 'gap')} looked at" in text_of(page)


def test_without_strata_there_is_no_section_of_them(evidence, page):
    none = {"test": {"least_of_each_class": 30, "n_gaps": 0, "columns": {}, "largest_gap": None}}
    assert 'id="strata"' in page
    assert 'id="strata"' not in render_report(dataclasses.replace(evidence, strata=none))


def test_an_epoch_done_again_after_a_resume_counts_once(evidence):
    again = {**evidence.events[2], "loss": 0.777}
    resumed = dataclasses.replace(evidence, events=[*evidence.events[:3], again, *evidence.events[3:]])
    assert [epoch["epoch"] for epoch in resumed.epochs()] == [1, 2, 3]
    assert resumed.epochs()[1]["loss"] == 0.777


def test_damaged_events_are_counted(evidence):
    damaged = dataclasses.replace(evidence, n_damaged_events=2)
    assert "2 lines of events.jsonl could not be read" in text_of(render_report(damaged))


def test_a_task_that_reports_one_metric_alone_has_a_page_about_it(evidence):
    metrics = copy.deepcopy(evidence.metrics)
    for node in (*metrics["test"]["labels"].values(), metrics["test"]["mean"]):
        del node["auroc"]
        for baseline in node["baselines"].values():
            del baseline["auroc"], baseline["difference"]["auroc"]
    origin = {**evidence.origin, "reported_metrics": ("auprc",)}
    text = text_of(render_report(dataclasses.replace(evidence, metrics=metrics, origin=origin)))
    assert "AUPRC of the best reader possible" in text
    assert "line at 0.5" not in text
    assert "mean AUROC of" not in text


def test_the_page_names_no_accuracy(page):
    assert "accuracy" not in page.lower()


def test_images_left_out_are_listed_with_their_reasons(evidence):
    run = copy.deepcopy(dict(evidence.run))
    run["data"]["unreadable"] = [{"row": 3, "example_id": "e3", "reason": "is <truncated>"}]
    page = render_report(dataclasses.replace(evidence, run=run))
    assert "1 image left out." in text_of(page)
    assert "is &lt;truncated&gt;" in page
