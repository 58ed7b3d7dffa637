"""
Do the intervals hold what they promise, at every level, and outside the data?
==============================================================================

Measurements of a circuit with an error of known size. At each confidence level the
share of fresh measurements inside should be the level itself: more, and the intervals
are wider than need be; less, and they promise too much. Then one input leaves the
range that was measured, where nothing but a rule widens the intervals.
"""

# %%
import os

import matplotlib.pyplot as plt
import numpy as np

from sklearn_5d import FiveDRegressor
from sklearn_5d.datasets import FUNCTIONS, make_function

short = os.environ.get("SKLEARN_5D_SHORT") == "1"
noise = 0.05
n_estimators = 4 if short else 8
sizes = (300, 1000) if short else (100, 300, 1000, 3000)
levels = np.array([0.5, 0.6, 0.7, 0.8, 0.9, 0.95])
X_test, y_test = make_function("otl_circuit", 5000, noise=noise, random_state=1)

# %%
covered = {}
for n_rows in sizes:
    X, y = make_function("otl_circuit", n_rows, noise=noise, random_state=0)
    model = FiveDRegressor(n_estimators=n_estimators, random_state=0).fit(X, y)
    shares = []
    for level in levels:
        lower, upper = model.predict_interval(X_test, level).T
        shares.append(np.mean((lower <= y_test) & (y_test <= upper)))
    covered[n_rows] = np.array(shares)
    width = np.median(upper - lower)
    ideal = 2 * 1.96 * noise
    print(f"{n_rows} rows: 95 % intervals hold {shares[-1]:.1%}, and are {width:.3f} V")
    print(f"  wide; with the formula and the noise known they would be {ideal:.3f} V")

# %% [markdown]
# The base resistance from half its smallest to twice its largest measured value, with
# the others at their centres.

# %%
low, high = FUNCTIONS["otl_circuit"].bounds.T
line = np.tile((low + high) / 2, (300, 1))
line[:, 0] = np.linspace(low[0] / 2, 2 * high[0], 300)
lower, upper = model.predict_interval(line, 0.9).T
outside = model.is_extrapolation(line)
print(f"{outside.mean():.0%} of the line lies outside the training range")

figure, (left, right) = plt.subplots(1, 2, figsize=(10, 4.4), layout="constrained")
left.axline((0.5, 0.5), slope=1, color="0.6", linewidth=1, label="as promised")
for (n_rows, shares), marker in zip(covered.items(), "os^D", strict=False):
    left.plot(levels, shares, f"{marker}-", label=f"{n_rows} rows", markersize=5)
left.set(xlabel="confidence level", ylabel="share of measurements inside")
left.legend()
right.fill_between(line[:, 0], lower, upper, color="0.8", label="90 % interval")
right.plot(line[:, 0], model.predict(line), color="C0", label="prediction")
formula = FUNCTIONS["otl_circuit"](line)
right.plot(line[:, 0], formula, "k--", linewidth=1, label="formula")
for edge in model.data_min_[0], model.data_max_[0]:
    right.axvline(edge, color="0.4", linestyle=":", linewidth=1)
right.set(xlabel="Rb1 (kOhm), measured between the dotted lines", ylabel="Vm (V)")
right.legend()
figure.savefig("plot_intervals.png", dpi=120)
plt.show()
