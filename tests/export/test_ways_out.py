"""What all the ways out of the package have in common."""

import sys

import pytest
from exported import fitted
from sklearn.exceptions import NotFittedError

from sklearn_5d import FiveDRegressor

load, save = FiveDRegressor.load, FiveDRegressor.save
to_onnx, to_sklearn = FiveDRegressor.to_onnx, FiveDRegressor.to_sklearn


@pytest.mark.parametrize(
    ("function", "package"), [(to_onnx, "onnx"), (save, "skops"), (load, "skops")]
)
def test_a_missing_package_is_named(function, package, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, package, None)
    for name in [name for name in sys.modules if name.startswith(f"{package}.")]:
        monkeypatch.delitem(sys.modules, name)
    arguments = [tmp_path / "file"]
    if function is not load:
        arguments.insert(0, fitted())
    message = (
        rf"{function.__name__} needs {package}: pip install 'sklearn_5d\[export\]'"
    )
    with pytest.raises(ImportError, match=message):
        function(*arguments)


@pytest.mark.parametrize("function", [to_sklearn, to_onnx, save])
def test_an_unfitted_estimator_stays(function, tmp_path):
    arguments = [FiveDRegressor()]
    if function is save:
        arguments.append(tmp_path / "file")
    if function is not to_sklearn:
        pytest.importorskip("onnx" if function is to_onnx else "skops")
    with pytest.raises(NotFittedError):
        function(*arguments)
