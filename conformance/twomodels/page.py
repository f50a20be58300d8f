"""A result as one HTML file that opens offline: no script, and everything from outside escaped."""

from __future__ import annotations

from importlib import resources
from typing import TYPE_CHECKING

import jinja2
from markupsafe import Markup

from conformance.twomodels import words
from conformance.wording.text import visible

if TYPE_CHECKING:
    from conformance.twomodels.result import Result


def page(result: Result) -> str:
    """The page."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("conformance.twomodels", "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["visible"] = visible
    environment.filters["zip"] = zip
    css = resources.files("conformance").joinpath("report/templates/report.css").read_text("utf-8")
    return environment.get_template("compare.html.j2").render(
        result=result,
        words=words,
        css=Markup(css),  # noqa: S704 - the suite's own file
    )
