"""
How many evaluations do exact gradients save an optimiser?
==========================================================

How should a piston be built for a cycle of 0.7 s, with as little change as possible?
A surrogate learns the cycle time from 500 simulated pistons. `predict_gradient` gives
an optimiser all five derivatives at once; finite differences need five predictions
more. The formula is known, so that both the answer and the gradients can be checked.
"""

# %%
import os

import matplotlib.pyplot as plt
import numpy as np
from scipy.optimize import minimize

from sklearn_5d import FiveDRegressor
from sklearn_5d.datasets import FUNCTIONS, make_function

short = os.environ.get("SKLEARN_5D_SHORT") == "1"

piston = FUNCTIONS["piston"]
X, y = make_function("piston", 500, random_state=0)
model = FiveDRegressor(n_estimators=2 if short else "auto", random_state=0).fit(X, y)
low, high = piston.bounds.T
names = list(piston.feature_names)

# %% [markdown]
# Are they right? Against central differences of the formula, at fresh settings.

# %%
X_new, _ = make_function("piston", 500, random_state=1)
step = 1e-4 * (high - low)
exact = np.column_stack(
    [
        (piston(X_new + step * unit) - piston(X_new - step * unit)) / (2 * step[j])
        for j, unit in enumerate(np.eye(5))
    ]
)
gradient = model.predict_gradient(X_new)
error = np.sqrt(np.mean((gradient - exact) ** 2, axis=0)) / np.sqrt(
    np.mean(exact**2, axis=0)
)
for name, each in zip(names, error, strict=True):
    print(f"derivative by {name:16s}: relative error {each:.1e}")

# %% [markdown]
# The settings nearest to the centre, in units of the range, with a cycle of 0.7 s.

# %%
target_s = 0.7


def settings(u):
    """From units of the range to those of the inputs, as one row."""
    return (low + u * (high - low))[None]


def nearest(exact_gradient):
    """Find the settings, and tell what was predicted on the way."""
    times, n_gradients = [], 0

    def excess(u):
        times.append(model.predict(settings(u))[0])
        return times[-1] - target_s

    def slope(u):
        nonlocal n_gradients
        n_gradients += 1
        return model.predict_gradient(settings(u))[0] * (high - low)

    constraint = {"type": "eq", "fun": excess}
    if exact_gradient:
        constraint["jac"] = slope
    result = minimize(
        lambda u: np.sum((u - 0.5) ** 2),
        np.full(5, 0.5),
        jac=lambda u: 2 * (u - 0.5),
        bounds=[(0, 1)] * 5,
        constraints=[constraint],
        method="SLSQP",
        options={"ftol": 1e-10},
    )
    return settings(result.x), times, n_gradients


X_best, times_exact, n_gradients = nearest(exact_gradient=True)
_, times_differences, _ = nearest(exact_gradient=False)
print(f"with gradients: {len(times_exact)} predictions, {n_gradients} gradients")
print(f"with finite differences: {len(times_differences)} predictions")
for each, value in zip(piston.inputs, X_best[0], strict=True):
    print(f"  {each.name:9s} {value:10.4g} {each.unit}")
print(f"cycle time there, by the formula: {piston(X_best)[0]:.5f} s")

# %%
figure, (left, right) = plt.subplots(1, 2, figsize=(10, 4.2), layout="constrained")
for j, (name, marker) in enumerate(zip(names, "os^Dv", strict=True)):
    left.loglog(
        np.abs(exact[:, j] * (high - low)[j]),
        np.abs(gradient[:, j] * (high - low)[j]),
        marker,
        markersize=3,
        color=str(0.15 * j),
        label=name,
    )
ends = np.array([1e-4, 3])
left.loglog(ends, ends, color="C3", linewidth=1)
left.set(
    xlabel="size of the derivative of the formula (s per range)",
    ylabel="size of the derivative of the surrogate (s per range)",
)
left.legend(markerscale=2)
for times, style, label in (
    (times_exact, "o-", "exact gradients"),
    (times_differences, "s:", "finite differences"),
):
    right.plot(np.arange(1, len(times) + 1), times, style, label=label, markersize=4)
right.axhline(target_s, color="0.6", linewidth=1, zorder=0)
right.set(xlabel="predictions", ylabel="predicted cycle time (s)")
right.legend()
figure.savefig("plot_gradients.png", dpi=120)
plt.show()
