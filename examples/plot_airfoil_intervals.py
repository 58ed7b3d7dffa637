# %%
# How loud is an airfoil at an operating point that was never measured?
# =====================================================================
#
# NASA measured the noise of airfoils at 106 operating points (angle of attack, chord,
# velocity, boundary layer), each at some fourteen frequencies. A new point is one that
# is missing whole, so whole points are held out here: some to check on, and some as
# ``X_val``, which stop the training and calibrate the intervals. A random split of the
# rows would interpolate inside measured spectra, and promise far too much.
#
# The table comes from OpenML, or from the CSV that the environment variable
# ``SKLEARN_5D_AIRFOIL`` names.

import os

import matplotlib.pyplot as plt
import numpy as np
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.metrics import root_mean_squared_error
from sklearn.model_selection import GroupShuffleSplit

from sklearn_5d import FiveDRegressor
from sklearn_5d.datasets import fetch_airfoil_self_noise

short = os.environ.get("SKLEARN_5D_SHORT") == "1"

X, y = fetch_airfoil_self_noise(
    path=os.environ.get("SKLEARN_5D_AIRFOIL"), return_X_y=True
)
_, point = np.unique(X[:, 1:], axis=0, return_inverse=True)
point = point.ravel()

# %%
# Whole operating points to train on, to calibrate with and to check on.

split = GroupShuffleSplit(1, test_size=0.2, random_state=0)
rest, test = next(split.split(X, y, point))
train, calibration = next(split.split(X[rest], y[rest], point[rest]))
train, calibration = rest[train], rest[calibration]

model = FiveDRegressor(n_estimators=2 if short else 8, random_state=0)
model.fit(X[train], y[train], X_val=X[calibration], y_val=y[calibration])
boosting = HistGradientBoostingRegressor(random_state=0).fit(X[rest], y[rest])

lower, upper = model.predict_interval(X[test], confidence_level=0.9).T
inside = (lower <= y[test]) & (y[test] <= upper)
constant = np.full(len(test), y[rest].mean())
for name, prediction in (
    ("FiveDRegressor", model.predict(X[test])),
    ("Gradient boosting", boosting.predict(X[test])),
    ("Mean", constant),
):
    print(f"{name:17s} RMSE {root_mean_squared_error(y[test], prediction):.2f} dB")
print(f"90 % intervals hold {inside.mean():.1%} of {len(test)} measurements")

# %%
# Four of the spectra that the model has not seen.

figure, axes = plt.subplots(
    2, 2, figsize=(9, 6.5), sharex=True, sharey=True, layout="constrained"
)
shown = np.random.default_rng(1).choice(np.unique(point[test]), 4, replace=False)
for ax, number in zip(axes.flat, shown, strict=True):
    rows = np.flatnonzero(point == number)
    frequency = np.geomspace(X[rows, 0].min(), X[rows, 0].max(), 200)
    grid = np.column_stack([frequency, np.tile(X[rows[0], 1:], (200, 1))])
    low, high = model.predict_interval(grid).T
    ax.fill_between(frequency, low, high, color="0.85", label="90 % interval")
    ax.plot(frequency, model.predict(grid), color="C0", label="prediction")
    ax.plot(X[rows, 0], y[rows], "ko", markersize=4, label="measured")
    angle, chord, velocity, _ = X[rows[0], 1:]
    ax.set_title(f"{angle:g}°, {100 * chord:.3g} cm, {velocity:g} m/s", fontsize=10)
    ax.set_xscale("log")
axes[0, 0].legend(fontsize=9)
figure.supxlabel("Frequency (Hz)")
figure.supylabel("Sound pressure level (dB)")
figure.suptitle("Spectra at operating points that were held out whole")
figure.savefig("airfoil_intervals.png", dpi=120)
plt.show()
