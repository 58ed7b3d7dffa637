"""The import loads what it needs."""

import subprocess
import sys

from estimators import ENVIRONMENT

IMPORT = """
import sys
import sklearn.neural_network
before = set(sys.modules)
import sklearn_5d
optional = "dask distributed matplotlib onnx onnxruntime optuna pandas polars skops"
# Trees and all that comes with them take long to load.
heavy = {*optional.split(), "sklearn.ensemble"}
print(*heavy & (set(sys.modules) - before))
"""


def test_import_loads_nothing_heavy(tmp_path):
    run = subprocess.run(
        [sys.executable, "-W", "error", "-c", IMPORT],
        cwd=tmp_path,
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert run.stdout.split() == []
