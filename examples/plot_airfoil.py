"""
How loud is an airfoil at an operating point that was never measured?
=====================================================================

NASA measured the noise of airfoils at 106 operating points (angle of attack, chord,
velocity, boundary layer), each at some fourteen frequencies. A random split of the
rows asks for the gaps in spectra that were measured. A split by operating points asks
for whole spectra that were not. Which of the two errors do you want to know, and how
far apart are they?
"""

# %%
import os

import matplotlib.pyplot as plt
import numpy as np
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.metrics import root_mean_squared_error
from sklearn.model_selection import GroupShuffleSplit, ShuffleSplit

from sklearn_5d import FiveDRegressor
from sklearn_5d.datasets import load_airfoil_self_noise

short = os.environ.get("SKLEARN_5D_SHORT") == "1"

X, y = load_airfoil_self_noise(return_X_y=True)
_, point = np.unique(X[:, 1:], axis=0, return_inverse=True)
point = point.ravel()

# %% [markdown]
# In both splits, some rows train, some are `X_val`, which stop the training and
# calibrate the intervals, and some are there to check on. Only the second keeps the
# rows of an operating point together.

# %%
rows = ShuffleSplit(1, test_size=0.2, random_state=0)
points = GroupShuffleSplit(1, test_size=0.2, random_state=0)
splits = {
    "random rows": lambda X, point: rows.split(X),
    "whole points": lambda X, point: points.split(X, groups=point),
}
rmse = {}
for name, split in splits.items():
    rest, test = next(split(X, point))
    train, calibration = next(split(X[rest], point[rest]))
    train, calibration = rest[train], rest[calibration]

    model = FiveDRegressor(n_estimators=2 if short else 8, random_state=0)
    model.fit(X[train], y[train], X_val=X[calibration], y_val=y[calibration])
    boosting = HistGradientBoostingRegressor(random_state=0).fit(X[rest], y[rest])
    rmse[name] = {
        "FiveDRegressor": root_mean_squared_error(y[test], model.predict(X[test])),
        "Gradient boosting": root_mean_squared_error(
            y[test], boosting.predict(X[test])
        ),
        "Mean": root_mean_squared_error(y[test], np.full(len(test), y[rest].mean())),
    }
    lower, upper = model.predict_interval(X[test], confidence_level=0.9).T
    inside = (lower <= y[test]) & (y[test] <= upper)
    print(f"Split by {name}")
    for each, error in rmse[name].items():
        print(f"  {each:17s} RMSE {error:.2f} dB")
    print(f"  90 % intervals hold {inside.mean():.1%} of {len(test)} measurements")

# %% [markdown]
# The errors of both splits, and four of the spectra that the last model has not seen.

# %%
figure = plt.figure(figsize=(11, 6), layout="constrained")
left, right = figure.subfigures(1, 2, width_ratios=[1, 2])
ax = left.subplots()
for k, (name, errors) in enumerate(rmse.items()):
    bars = ax.bar(
        np.arange(len(errors)) + 0.4 * k,
        errors.values(),
        0.38,
        color=("0.75", "0.3")[k],
        label=f"split by {name}",
    )
    ax.bar_label(bars, fmt="%.1f")
ax.set_xticks(np.arange(3) + 0.2, ["FiveD-\nRegressor", "Gradient\nboosting", "Mean"])
ax.set_ylabel("RMSE of the sound pressure level (dB)")
ax.legend(loc="upper left")

axes = right.subplots(2, 2, sharex=True, sharey=True)
shown = np.random.default_rng(1).choice(np.unique(point[test]), 4, replace=False)
for ax, number in zip(axes.flat, shown, strict=True):
    spectrum = np.flatnonzero(point == number)
    frequency = np.geomspace(X[spectrum, 0].min(), X[spectrum, 0].max(), 200)
    grid = np.column_stack([frequency, np.tile(X[spectrum[0], 1:], (200, 1))])
    low, high = model.predict_interval(grid).T
    ax.fill_between(frequency, low, high, color="0.85", label="90 % interval")
    ax.plot(frequency, model.predict(grid), color="C0", label="prediction")
    ax.plot(X[spectrum, 0], y[spectrum], "ko", markersize=4, label="measured")
    angle, chord, velocity, _ = X[spectrum[0], 1:]
    ax.set_title(f"{angle:g}°, {100 * chord:.3g} cm, {velocity:g} m/s", fontsize=10)
    ax.set_xscale("log")
axes[0, 0].legend(fontsize=9)
right.supxlabel("Frequency (Hz)")
right.supylabel("Sound pressure level (dB)")
figure.savefig("plot_airfoil.png", dpi=120)
plt.show()
