"""
Is a search for better parameters worth its time?
=================================================

The defaults were chosen on many functions of five inputs. `search_space` lists what
is left to tune. Here a random search over it competes with the defaults on rows that
neither has seen, and with the simplest way to spend more time: the defaults with four
times the steps. The last lines say who has won, whatever it is.
"""

# %%
import os
import time

import matplotlib.pyplot as plt
import numpy as np
from sklearn.metrics import root_mean_squared_error
from sklearn.model_selection import RandomizedSearchCV

from sklearn_5d import FiveDRegressor, search_space
from sklearn_5d.datasets import make_function

short = os.environ.get("SKLEARN_5D_SHORT") == "1"
n_rows, n_candidates, n_splits = (500, 4, 2) if short else (2000, 48, 3)
n_estimators = 2 if short else 8
seeds = range(1 if short else 2)
# Problems, and noise in units of the sd of the target.
problems = {"otl_circuit": 0.0}
if not short:
    problems |= {"styblinski_tang": 0.0, "robot_arm": 0.0}
    problems |= {"piston": 0.1, "friedman1": 0.1}

# %% [markdown]
# Candidates are single networks; the winner becomes a committee, as the defaults are.


# %%
def timed_error(fit, X, y, X_test, y_test):
    """Fit, and return the error in units of the sd of the target, and the time."""
    start = time.perf_counter()
    model = fit(X, y)
    fit_time_s = time.perf_counter() - start
    return root_mean_squared_error(
        y_test, model.predict(X_test)
    ) / y_test.std(), fit_time_s


def search_and_fit(X, y):
    """Let the best candidate of a random search train the committee."""
    search = RandomizedSearchCV(
        FiveDRegressor(n_estimators=1, random_state=0),
        search_space(),
        n_iter=n_candidates,
        cv=n_splits,
        scoring="neg_root_mean_squared_error",
        random_state=0,
        refit=False,
        n_jobs=2,
    ).fit(X, y)
    print("  chosen:", *(f"{k}={v}" for k, v in search.best_params_.items()))
    return default.set_params(**search.best_params_).fit(X, y)


errors, times = [], []
for name, noise in problems.items():
    for seed in seeds:
        X, y = make_function(name, n_rows, random_state=seed)
        y += noise * y.std() * np.random.default_rng(seed).normal(size=n_rows)
        test = make_function(name, 2000, random_state=100 + seed)
        default = FiveDRegressor(n_estimators=n_estimators, random_state=0, n_jobs=2)
        longer = FiveDRegressor(**{**default.get_params(), "max_steps": 3200})
        print(name, "with noise" if noise else "without noise")
        results = [
            timed_error(fit, X, y, *test)
            for fit in (default.fit, longer.fit, search_and_fit)
        ]
        errors.append([error for error, _ in results])
        times.append([fit_time_s for _, fit_time_s in results])
        print(
            "  error: default {:.2e}, four times the steps {:.2e}, tuned {:.2e}".format(
                *errors[-1]
            )
        )

# %% [markdown]
# Was it worth it? Ratios of the errors, with the time that they took.

# %%
ratios = np.array(errors)[:, 1:] / np.array(errors)[:, :1]
mean_ratio = np.exp(np.log(ratios).mean(axis=0))
mean_time = np.mean(times, axis=0)
for name, ratio, column, cost in zip(
    ["four times the steps", "tuned"],
    mean_ratio,
    ratios.T,
    mean_time[1:] / mean_time[0],
    strict=True,
):
    print(
        f"{name}: {ratio:.2f} times the error of the defaults (geometric mean), "
        f"better in {np.sum(column < 1)} of {len(column)}, {cost:.1f} times the time"
    )
if mean_ratio[1] < min(0.9, mean_ratio[0]):
    print("Tuning was worth it where its time does not matter.")
elif mean_ratio[0] < 0.9:
    print("Tuning was not worth it: more steps give as much in less time.")
else:
    print("Tuning was not worth it: the defaults are as good.")

# %%
figure, ax = plt.subplots(figsize=(8, 4.2), layout="constrained")
place = np.arange(len(problems))
for k, (label, marker) in enumerate([("four times the steps", "o"), ("tuned", "^")]):
    for s in range(len(seeds)):
        ax.plot(
            place + 0.2 * k - 0.1,
            ratios[s :: len(seeds), k],
            marker,
            color=("0.6", "black")[k],
            label=label if s == 0 else None,
        )
ax.axhline(1, color="0.5", linestyle="--", linewidth=1, label="defaults")
ticks = [
    f"{n}\n{'10 % noise' if noise else 'no noise'}" for n, noise in problems.items()
]
ax.set_xticks(place, ticks, fontsize=9)
ax.set_yscale("log")
ax.set(xlabel="problem", ylabel="error / error of the defaults")
ax.margins(x=0.15)
ax.legend()
figure.savefig("plot_tuning.png", dpi=120)
plt.show()
