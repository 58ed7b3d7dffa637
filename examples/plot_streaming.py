"""
What does it cost to learn from rows that come by and by?
=========================================================

A piston is measured day after day. `partial_fit` learns each day's rows together with
a sample, of bounded size, of those before; `fit` starts again from all rows so far.
How far behind is the stream, and what does it save?
"""

# %%
import os
import time

import matplotlib.pyplot as plt
import numpy as np
from sklearn.metrics import root_mean_squared_error

from sklearn_5d import FiveDRegressor
from sklearn_5d.datasets import make_function

short = os.environ.get("SKLEARN_5D_SHORT") == "1"
n_days, n_rows = (6, 500) if short else (20, 1000)
X, y = make_function("piston", n_days * n_rows, noise=0.01, random_state=0)
X_test, y_test = make_function("piston", 5000, random_state=1)
compared = {1, n_days // 2, n_days}

# %%
stream = FiveDRegressor(n_estimators=2, random_state=0)
errors, stream_times_s, refits = [], [], {}
for day in range(1, n_days + 1):
    today = slice((day - 1) * n_rows, day * n_rows)
    start = time.perf_counter()
    stream.partial_fit(X[today], y[today])
    stream_times_s.append(time.perf_counter() - start)
    errors.append(root_mean_squared_error(y_test, stream.predict(X_test)))
    if day in compared:
        start = time.perf_counter()
        whole = FiveDRegressor(n_estimators=2, random_state=0)
        whole.fit(X[: today.stop], y[: today.stop])
        fit_time_s = time.perf_counter() - start
        refits[day] = root_mean_squared_error(y_test, whole.predict(X_test))
        print(
            f"day {day:2d}: stream {errors[-1]:.5f} s in {stream_times_s[-1]:.2f} s, "
            f"fit {refits[day]:.5f} s in {fit_time_s:.2f} s, "
            f"ratio of the errors {errors[-1] / refits[day]:.2f}"
        )

# %% [markdown]
# From the second day on the intervals are calibrated on rows before they are learnt.

# %%
lower, upper = stream.predict_interval(X_test, 0.9).T
y_measured = y_test + np.random.default_rng(0).normal(0, 0.01, len(y_test))
inside = np.mean((lower <= y_measured) & (y_measured <= upper))
print(f"90 % intervals of the stream hold {inside:.1%} of fresh measurements")

figure, ax = plt.subplots(figsize=(7, 4.2), layout="constrained")
rows = n_rows * np.arange(1, n_days + 1)
ax.plot(rows, errors, "o-", color="0.5", label="partial_fit, day by day")
ax.plot(
    [day * n_rows for day in refits],
    list(refits.values()),
    "k^",
    markersize=8,
    label="fit on all rows so far",
)
ax.axhline(
    0.01, color="0.7", linestyle="--", linewidth=1, label="noise of a measurement"
)
ax.set_yscale("log")
ax.set(xlabel="rows so far", ylabel="RMSE of the cycle time (s)")
ax.legend()
figure.savefig("plot_streaming.png", dpi=120)
plt.show()
