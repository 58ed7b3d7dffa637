"""
How well does a surrogate replace an experiment with five inputs?
=================================================================

A piston moves in a cylinder. Mass, area, volume of the gas, stiffness of the spring
and pressure decide how long a cycle takes. We measure the time for random settings,
with an error of 0.01 s, learn it with `FiveDRegressor`, and check
on settings that the model has not seen: is it closer than gradient boosting, and do
nine of ten measurements lie in its 90 % prediction intervals?
"""

# %%
import os
import time

import matplotlib.pyplot as plt
import numpy as np
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.linear_model import LinearRegression
from sklearn.metrics import mean_absolute_error, r2_score, root_mean_squared_error
from sklearn.model_selection import train_test_split

from sklearn_5d import FiveDRegressor
from sklearn_5d.datasets import FUNCTIONS, make_function

short = os.environ.get("SKLEARN_5D_SHORT") == "1"

# %% [markdown]
# The measurements: half of them to learn from, half of them to check.

# %%
piston = FUNCTIONS["piston"]
X, y = make_function("piston", 600 if short else 2000, noise=0.01, random_state=0)
X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=0.5, random_state=0)
for each in piston.inputs:
    print(f"{each.name:9s} {each.low:>8g} to {each.high:<8g} {each.unit}")

# %% [markdown]
# Three models, fitted as they come. The inputs differ by seven orders of magnitude:
# `FiveDRegressor` scales them, and the target, by itself.

# %%
models = {
    "FiveDRegressor": FiveDRegressor(random_state=0),
    "Gradient boosting": HistGradientBoostingRegressor(random_state=0),
    "Linear model": LinearRegression(),
}
predictions = {}
print(f"\n{'':17s} {'R2':>7s} {'RMSE (s)':>9s} {'MAE (s)':>8s} {'fit (s)':>8s}")
for name, model in models.items():
    start = time.perf_counter()
    model.fit(X_train, y_train)
    fit_time_s = time.perf_counter() - start
    y_pred = predictions[name] = model.predict(X_test)
    print(
        f"{name:17s} {r2_score(y_test, y_pred):7.4f}"
        f" {root_mean_squared_error(y_test, y_pred):9.4f}"
        f" {mean_absolute_error(y_test, y_pred):8.4f} {fit_time_s:8.2f}"
    )

# %% [markdown]
# No model can come closer to a measurement than its error, 0.01 s. The intervals hold
# the share of the measurements that they promise.

# %%
lower, upper = models["FiveDRegressor"].predict_interval(X_test, 0.9).T
covered = (lower <= y_test) & (y_test <= upper)
print(f"\n90 % intervals: {covered.mean():.1%} of the measurements inside")
print(f"half-width: {np.median(upper - lower) / 2:.4f} s (median)")

# %% [markdown]
# Predicted against measured.

# %%
figure, axes = plt.subplots(
    1, 2, figsize=(9, 4.6), sharex=True, sharey=True, layout="constrained"
)
axes[0].vlines(y_test, lower, upper, color="C1", alpha=0.4, label="90 % intervals")
axes[0].legend(loc="upper left")
axes[0].set_ylabel("predicted cycle time (s)")
for ax, name in zip(axes, ["FiveDRegressor", "Gradient boosting"], strict=True):
    y_pred = predictions[name]
    ax.axline((0.5, 0.5), slope=1, color="0.3", linewidth=1)
    ax.scatter(y_test, y_pred, s=6, linewidths=0, zorder=2)
    rmse = root_mean_squared_error(y_test, y_pred)
    ax.set(title=f"{name}, RMSE {rmse:.4f} s", xlabel="measured cycle time (s)")
    ax.set_aspect("equal")
figure.savefig("plot_quickstart.png", dpi=150)
plt.show()
