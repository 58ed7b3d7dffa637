"""
Do the intervals open where the noise does?
===========================================

A circuit whose instrument loses precision along one resistance: at its end the error
of a measurement is ten times that at its beginning. One width for all is too wide
where the instrument is good and too narrow where it is not, and its 90 % hold on
average only. Intervals that learn the scale of the noise should hold everywhere, and
be no wider than the noise asks for.
"""

# %%
import os

import matplotlib.pyplot as plt
import numpy as np

from sklearn_5d import FiveDRegressor
from sklearn_5d.datasets import FUNCTIONS, make_function

short = os.environ.get("SKLEARN_5D_SHORT") == "1"
n_rows = 500 if short else 2000
level, z_level = 0.9, 1.645
name, unit = "Rb1", "kOhm"
low, high = FUNCTIONS["otl_circuit"].bounds[0]


def measure(n_samples, seed):
    """Measure the circuit: inputs, outputs, and the standard deviation of each."""
    X, y = make_function("otl_circuit", n_samples, random_state=seed)
    noise_sd = 0.05 * 10 ** ((X[:, 0] - low) / (high - low))
    noise = np.random.default_rng(seed).normal(0, noise_sd)
    return X, y + noise, noise_sd


X, y, _ = measure(n_rows, 0)
X_test, y_test, noise_sd = measure(20_000, 1)
model = FiveDRegressor(n_estimators=4 if short else 8, random_state=0).fit(X, y)
print(f"the scale of the noise is {model.noise_}")

# %% [markdown]
# Beside it the width that the same held-out residuals give, were there only one.

# %%
prediction = model.predict(X_test)
lower, upper = model.predict_interval(X_test, level).T
constant = np.quantile(np.abs(y - model.oof_prediction_), level, method="higher")
bounds = {
    "learnt width": (lower, upper),
    "constant width": (prediction - constant, prediction + constant),
}
fifths = np.array_split(np.argsort(noise_sd), 5)
covered = {}
for label, (below, above) in bounds.items():
    inside = (below <= y_test) & (y_test <= above)
    covered[label] = np.array([inside[fifth].mean() for fifth in fifths])
    ratio = np.mean(above - below) / np.mean(2 * z_level * noise_sd)
    shares = ", ".join(f"{share:.0%}" for share in covered[label])
    print(f"{label}: {inside.mean():.1%} inside, by fifth of the noise {shares}")
    print(f"  mean width {ratio:.2f} times that of the noise itself")

# %%
figure, (left, right) = plt.subplots(1, 2, figsize=(10, 4.4), layout="constrained")
order = np.argsort(X_test[:, 0])
some = order[:: len(order) // 1000]
at = X_test[some, 0]
left.plot(at, (y_test - prediction)[some], ".", color="0.7", markersize=3)
for side in (lower, upper):
    left.plot(at, (side - prediction)[some], ".", color="C0", markersize=2)
left.plot([], [], "o", color="C0", markersize=4, label=f"{level:.0%}, learnt width")
for side in (-constant, constant):
    left.axhline(side, color="C1", linestyle="--")
left.plot([], [], "--", color="C1", label=f"{level:.0%}, constant width")
for side in (-1, 1):
    left.plot(at, side * z_level * noise_sd[some], "k-", linewidth=1)
left.plot([], [], "k-", linewidth=1, label=f"{level:.0%} of the noise")
left.set(xlabel=f"{name} ({unit})", ylabel="measurement - prediction (V)")
left.legend(loc="upper left")
for (label, shares), style in zip(covered.items(), ("C0o-", "C1s--"), strict=True):
    right.plot(np.arange(1, 6), shares, style, label=label)
right.axhline(level, color="0.6", linewidth=1, zorder=0)
right.set(
    xlabel="fifth of the measurements, by their noise",
    ylabel="share inside",
    xticks=range(1, 6),
    ylim=(0.5, 1.02),
)
right.legend(loc="lower left")
figure.savefig("plot_heteroscedastic.png", dpi=120)
plt.show()
