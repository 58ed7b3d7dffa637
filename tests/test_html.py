"""The HTML representation: a link, the fitted attributes, what was set."""

import re
import tomllib
from email.message import Message
from html import unescape
from pathlib import Path

import pytest
from estimators import single, small
from sklearn.base import BaseEstimator
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_5d import FiveDRegressor, _documentation


def rows_of(html):
    """Class and cells of each row of the tables."""
    for kind, row in re.findall(r'<tr class="([\w-]+)">(.*?)</tr>', html, re.DOTALL):
        yield kind, unescape(re.sub(r"<[^>]*>", " ", row))


def test_links_to_its_page(monkeypatch):
    installed = Message()
    installed["Project-URL"] = "Source, https://example.org/source"
    installed["Project-URL"] = "Documentation, https://example.org/doc/"
    monkeypatch.setattr(_documentation, "metadata", lambda name: installed)
    page = "https://example.org/doc/api/sklearn_5d.FiveDRegressor.html"
    assert f'href="{page}"' in FiveDRegressor()._repr_html_()


def test_has_no_link_where_nobody_knows_the_address(monkeypatch):
    def missing(name):
        raise _documentation.PackageNotFoundError

    monkeypatch.setattr(_documentation, "metadata", missing)
    assert "href=" not in FiveDRegressor()._repr_html_()


def test_project_has_an_address():
    project = Path(__file__).parents[1] / "pyproject.toml"
    urls = tomllib.loads(project.read_text(encoding="utf-8"))["project"]["urls"]
    assert urls["Documentation"].endswith("/")


def test_shows_all_parameters_in_a_pipeline_and_marks_what_was_set(table):
    model = make_pipeline(StandardScaler(), single(alpha=0.125)).fit(*table)
    rows = {row.split()[0]: (kind, row) for kind, row in rows_of(model._repr_html_())}
    assert rows.keys() >= FiveDRegressor().get_params().keys()
    kind, row = rows["alpha"]
    assert kind == "user-set"
    assert "0.125" in row
    assert rows["tol"][0] == "default"


@pytest.mark.skipif(
    not hasattr(BaseEstimator, "_get_fitted_attr_html"),
    reason="scikit-learn before 1.9 does not show fitted attributes",
)
def test_shows_fitted_attributes(fitted):
    model = fitted()
    rows = {row.split()[0]: row for _, row in rows_of(model._repr_html_())}
    # A long text is shortened in the middle.
    shown = [word.strip("'").split("...") for word in rows["noise_"].split()[1:]]
    assert any(
        model.noise_.startswith(parts[0]) and model.noise_.endswith(parts[-1])
        for parts in shown
        if parts[0]
    )
    assert f"({len(model.oof_prediction_)},)" in rows["oof_prediction_"]
    assert f"{model.residual_scale_:.4g}" in rows["residual_scale_"]


def test_is_shown_where_nothing_was_held_out(table):
    model = small("lbfgs", n_estimators=1).fit(*table)
    assert not hasattr(model, "noise_")
    assert "FiveDRegressor" in model._repr_html_()


@pytest.mark.parametrize("method", ["fit", "partial_fit"])
def test_is_shown_where_no_scores_were_kept(table, method):
    model = getattr(small("adam", n_estimators=1, early_stopping=False), method)(*table)
    assert not hasattr(model, "validation_scores_")
    assert not hasattr(model, "best_validation_score_")
    assert "FiveDRegressor" in model._repr_html_()
