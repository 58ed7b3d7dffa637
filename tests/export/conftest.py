"""A saved file, to be read and to be damaged."""

import pytest
from exported import fitted


@pytest.fixture
def saved(tmp_path):
    pytest.importorskip("skops")
    path = tmp_path / "model.skops"
    parameters = {"x_transform": "yeo-johnson", "y_transform": "log"}
    fitted(n_estimators=2, **parameters).save(path)
    return path
