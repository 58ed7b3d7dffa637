"""
Which ten measurements should come next?
========================================

A circuit simulator is asked for sixty rows to begin with, and for ten more a round.
Where should they lie: anywhere, or where the surrogate doubts itself most? The doubt
is `predict(return_std=True)`. Of the settings that it doubts most, ten that lie apart
are asked for, as the ten greatest doubts are often one doubt ten times. Both plans
begin with the same rows, and the formula tells how wrong the surrogates are.
"""

# %%
import os

import matplotlib.pyplot as plt
import numpy as np
from sklearn.cluster import KMeans
from sklearn.metrics import pairwise_distances_argmin, root_mean_squared_error

from sklearn_5d import FiveDRegressor
from sklearn_5d.datasets import FUNCTIONS, make_function

short = os.environ.get("SKLEARN_5D_SHORT") == "1"
n_repeats, n_rounds = (1, 1) if short else (2, 4)
simulate = FUNCTIONS["otl_circuit"]
X_test, y_test = make_function("otl_circuit", 5000, random_state=100)


def at_random(model, X, seed):
    """Choose ten settings, any ones."""
    return np.random.default_rng(seed).choice(len(X), 10, replace=False)


def by_doubt(model, X, seed):
    """Choose ten settings that lie apart, from the hundred of the greatest doubt."""
    _, doubt = model.predict(X, return_std=True)
    doubtful = np.argsort(doubt)[-100:]
    Z = model.x_scaler_.transform(X[doubtful])
    centers = KMeans(10, n_init=1, random_state=seed).fit(Z).cluster_centers_
    return doubtful[pairwise_distances_argmin(centers, Z)]


# %%
plans = {"at random": at_random, "where the doubt is": by_doubt}
errors = {label: [] for label in plans}
for seed in range(n_repeats):
    start = make_function("otl_circuit", 60, random_state=seed)
    first = FiveDRegressor(n_estimators=4, random_state=0).fit(*start)
    for label, plan in plans.items():
        (X, y), model = start, first
        path = [root_mean_squared_error(y_test, model.predict(X_test))]
        for round_ in range(n_rounds):
            seed_of_round = 1000 + 10 * seed + round_
            X_new, _ = make_function("otl_circuit", 2000, random_state=seed_of_round)
            chosen = X_new[plan(model, X_new, seed_of_round)]
            X, y = np.vstack([X, chosen]), np.append(y, simulate(chosen))
            model = FiveDRegressor(n_estimators=4, random_state=0).fit(X, y)
            path.append(root_mean_squared_error(y_test, model.predict(X_test)))
        errors[label].append(path)
sizes = 60 + 10 * np.arange(n_rounds + 1)
typical = {label: np.exp(np.log(paths).mean(axis=0)) for label, paths in errors.items()}
for label, path in typical.items():
    print(f"{label:18s}:", ", ".join(f"{error:.4f}" for error in path), "V")
ratio = typical["where the doubt is"][-1] / typical["at random"][-1]
print(f"{sizes[-1]} rows, {n_repeats} repetitions: the error of the plan by doubt is")
print(f"{ratio:.2f} times that of the plan at random")

# %% [markdown]
# Is the doubt where the errors are? The last surrogate, on fresh rows.

# %%
prediction, doubt = model.predict(X_test, return_std=True)
error = np.abs(prediction - y_test)
tenths = np.array_split(np.argsort(doubt), 10)

figure, (left, right) = plt.subplots(1, 2, figsize=(10, 4.2), layout="constrained")
for (label, paths), style in zip(errors.items(), ("C1s--", "C0o-"), strict=True):
    for path in paths:
        left.plot(sizes, path, style[2:], color=style[:2], linewidth=0.6, alpha=0.5)
    left.plot(sizes, typical[label], style, label=label)
left.set(yscale="log", xlabel="rows so far", ylabel="RMSE of the surrogate (V)")
left.legend()
right.loglog(doubt, error, ".", color="0.8", markersize=2)
right.loglog(
    [doubt[tenth].mean() for tenth in tenths],
    [np.sqrt(np.mean(error[tenth] ** 2)) for tenth in tenths],
    "ko-",
    label="RMSE by tenth of the doubt",
)
ends = np.quantile(doubt, [0, 1])
right.loglog(ends, ends, color="C3", linewidth=1, label="as large as the doubt")
right.set(xlabel="standard deviation (V)", ylabel="error (V)")
right.set_ylim(error.max() / 1e4, 2 * error.max())
right.legend()
figure.savefig("plot_active_learning.png", dpi=120)
plt.show()
