"""
What is left of a model outside of Python?
==========================================

`to_onnx` writes one graph from raw inputs to the prediction, scaling and committee
included, for any runtime of ONNX. Does it give the same numbers, how large is it,
and how long does one row take? `to_sklearn` and `save` stand beside it. Standard
deviation, interval and gradient come along where they are asked for.
"""

# %%
import os
import pickle
import tempfile
import time
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import onnxruntime

from sklearn_5d import FiveDRegressor
from sklearn_5d.datasets import make_function

short = os.environ.get("SKLEARN_5D_SHORT") == "1"
X, y = make_function("borehole", 400 if short else 2000, random_state=0)
X_new, _ = make_function("borehole", 10_000, random_state=1)
model = FiveDRegressor(n_estimators=2 if short else 8, random_state=0).fit(X, y)
expected = model.predict(X_new)

# %%
with tempfile.TemporaryDirectory() as folder:
    onnx_path, skops_path = Path(folder, "model.onnx"), Path(folder, "model.skops")
    model.to_onnx(onnx_path)
    model.save(skops_path)
    plain = pickle.dumps(model.to_sklearn())
    session = onnxruntime.InferenceSession(onnx_path)
    predictions = {
        "to_onnx": session.run(["y"], {"X": X_new})[0],
        "save, load": FiveDRegressor.load(skops_path).predict(X_new),
        "to_sklearn": pickle.loads(plain).predict(X_new),
    }
    sizes = onnx_path.stat().st_size, skops_path.stat().st_size, len(plain)
for (name, prediction), size in zip(predictions.items(), sizes, strict=True):
    difference = np.abs(prediction - expected).max() / y.std()
    print(f"{name:10s} {size / 1000:6.0f} kB, differs by {difference:.0e} of the sd")

# %%
names = ("y", "y_std", "lower", "upper", "gradient")
graph = model.to_onnx(outputs=names, confidence_level=0.9)
whole = onnxruntime.InferenceSession(graph.SerializeToString())
results = dict(zip(names, whole.run(names, {"X": X_new}), strict=True))
_, expected_std = model.predict(X_new, return_std=True)
lower, upper = model.predict_interval(X_new, 0.9).T
unit = X.std(axis=0)
pairs = {
    "y_std": (results["y_std"], expected_std),
    "interval": (results["upper"] - results["lower"], upper - lower),
    "gradient": (results["gradient"] * unit, model.predict_gradient(X_new) * unit),
}
for name, (in_onnx, in_python) in pairs.items():
    difference = np.abs(in_onnx - in_python).max() / y.std()
    print(f"{name:10s} in the graph differs by {difference:.0e} of the sd")


# %% [markdown]
# The time of a call: few rows are where a runtime without Python in it pays.


# %%
def median_time_us(function, *args):
    """Median time of a call, in microseconds."""
    times = []
    for _ in range(21 if short else 201):
        start = time.perf_counter()
        function(*args)
        times.append(time.perf_counter() - start)
    return 1e6 * np.median(times)


numbers = (1, 10, 100, 1000)
times = {"predict": [], "onnxruntime": [], "onnxruntime, all outputs": []}
for n_rows in numbers:
    rows = X_new[:n_rows]
    times["predict"].append(median_time_us(model.predict, rows))
    for name, model_of in (("", session), (", all outputs", whole)):
        time_us = median_time_us(model_of.run, None, {"X": rows})
        times[f"onnxruntime{name}"].append(time_us)
for name, (one_row, *_) in times.items():
    print(f"one row by {name}: {one_row:.0f} us")

# %%
figure, ax = plt.subplots(figsize=(6, 4), layout="constrained")
for (name, column), marker in zip(times.items(), "os^", strict=True):
    ax.loglog(numbers, column, f"{marker}-", label=name)
ax.set(xlabel="rows", ylabel="time of a call (µs)")
ax.legend()
plt.show()
