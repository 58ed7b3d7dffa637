"""
Which of five inputs matters, and where?
========================================

Water flows through a borehole. A table of simulated flow rates teaches a surrogate,
whose exact gradients rank the inputs: the mean square of the derivative, in units of
the range of the input and of the variance of the flow, bounds how much of that
variance the input can explain (Sobol' and Kucherenko 2009). The formula is known, so
that the ranking can be checked.
"""

# %%
import os

import matplotlib.pyplot as plt
import numpy as np

from sklearn_5d import FiveDRegressor
from sklearn_5d.datasets import FUNCTIONS, make_function

short = os.environ.get("SKLEARN_5D_SHORT") == "1"

borehole = FUNCTIONS["borehole"]
X, y = make_function("borehole", 300, random_state=0)
model = FiveDRegressor(n_estimators=2 if short else "auto", random_state=0).fit(X, y)

# %% [markdown]
# Gradients at ten thousand settings, from the surrogate and from the formula.

# %%
X_new, y_new = make_function("borehole", 10_000, random_state=1)
low, high = borehole.bounds.T
width = high - low
gradient = model.predict_gradient(X_new)


def finite_differences(X):
    """Differentiate the formula itself, by central differences."""
    columns = []
    for j in range(5):
        step = np.zeros(5)
        step[j] = 1e-4 * width[j]
        columns.append((borehole(X + step) - borehole(X - step)) / (2 * step[j]))
    return np.column_stack(columns)


def derivative_based_measure(gradient):
    """Upper bound of the total Sobol' index of a uniform input."""
    return np.mean((gradient * width) ** 2, axis=0) / np.pi**2 / np.var(y_new)


ours = derivative_based_measure(gradient)
exact = derivative_based_measure(finite_differences(X_new))
error = np.sqrt(np.mean((model.predict(X_new) - y_new) ** 2)) / y_new.std()
print(f"error of the surrogate: {error:.2e} of the sd, from {len(y)} rows")
for name, a, b in zip(borehole.feature_names, ours, exact, strict=True):
    print(f"{name:20s} surrogate {a:.5f}   formula {b:.5f}")

# %% [markdown]
# The ranking, and how the strongest input acts over its range.

# %%
order = np.argsort(ours)
strongest = order[-1]
figure, (left, right) = plt.subplots(1, 2, figsize=(10, 4.2), layout="constrained")
place = np.arange(5)
left.barh(place + 0.2, exact[order], 0.38, color="0.75", label="formula")
left.barh(place - 0.2, ours[order], 0.38, color="C0", label="surrogate")
left.set_yticks(place, [borehole.feature_names[j] for j in order])
left.set_xlabel("Bound on the share of the variance")
left.legend(loc="lower right")
right.plot(X_new[:1000, strongest], gradient[:1000, strongest], ".", markersize=3)
unit = borehole.inputs[strongest].unit
right.set_xlabel(f"{borehole.feature_names[strongest]} ({unit})")
right.set_ylabel(f"d {borehole.target} / d {borehole.feature_names[strongest]}")
right.set_title(f"in {borehole.unit} per {unit}", fontsize=10)
figure.savefig("plot_sensitivity.png", dpi=120)
plt.show()
