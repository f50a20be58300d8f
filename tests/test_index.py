"""A reader finds what he looks for: an index of all pages, and of questions with their answers."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[1] / "docs"
INDEX = (DOCS / "README.md").read_text(encoding="utf-8")
ROWS = dict(re.findall(r"(?m)^\| ([^|]+\?) \| (.+) \|$", INDEX))
TOP = (DOCS.parent / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("page", sorted(DOCS.glob("*.md")), ids=lambda page: page.name)
def test_every_page_is_in_the_index(page):
    assert page.name == "README.md" or f"({page.name})" in INDEX


@pytest.mark.parametrize(
    ("words", "page", "heading"),
    [
        ("tolerance", "numerics.md", "The precision rule"),
        ("add an adapter", "adapters.md", "How to add an adapter"),
        ("*unsupported* mean", "capabilities.md", "What *unsupported* means"),
        ("not covered", "not-covered.md", "What is not covered"),
        ("name a case", "cases.md", "Naming cases"),
    ],
)
def test_a_question_leads_to_a_heading_that_answers_it(words, page, heading):
    (answer,) = (answer for question, answer in ROWS.items() if words in question)
    assert re.search(rf"\]\({page}(#[\w-]+)?\)", answer)
    assert re.search(rf"(?m)^#+ {re.escape(heading)}$", (DOCS / page).read_text(encoding="utf-8"))
    assert f"docs/{page}" in TOP


def test_the_readme_says_where_they_first_stand_what_its_words_mean():
    """Before a word is used as if it were known, the sentence that explains it."""
    for explained in (
        "`keras-torch` is Keras on PyTorch",
        "is a *facet*",
        "stands in the *ledger*",
        "*the documents*, the four texts",
    ):
        assert explained in " ".join(TOP.split()), explained
    assert TOP.index("`keras-torch` is") < TOP.index("--adapter keras-torch")
    assert TOP.index("a *facet*") < TOP.index("every facet")
    assert TOP.index("*the documents*") < TOP.index("'documents/*'")
