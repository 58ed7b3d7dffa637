"""Ways out of the package: scikit-learn objects, an ONNX graph, a file without pickle.

The first two take a fitted model, the last the whole estimator.
"""

from ._onnx_graph import to_onnx
from ._scikit_learn import to_sklearn
from ._skops_file import load, save

__all__ = ["load", "save", "to_onnx", "to_sklearn"]
