"""
Are these measurements enough, and what have they taught?
=========================================================

The flow through a borehole, from a pandas frame in the units of the field report.
A pipeline converts the units, and scikit-learn's own tools ask the questions: the
learning curve whether more rows would help, the permutation importance which inputs
matter, the partial dependence how.
"""

# %%
import os

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import sklearn
from sklearn.compose import make_column_transformer
from sklearn.inspection import PartialDependenceDisplay, permutation_importance
from sklearn.model_selection import LearningCurveDisplay
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer

from sklearn_5d import FiveDRegressor
from sklearn_5d.datasets import FUNCTIONS, make_function

short = os.environ.get("SKLEARN_5D_SHORT") == "1"
sklearn.set_config(enable_metadata_routing=True, transform_output="pandas")

names = FUNCTIONS["borehole"].feature_names


def field_report(n_rows, random_state):
    """Make rows with the radius in inches, a weight each, and the measured flow."""
    X, y = make_function("borehole", n_rows, noise=1.0, random_state=random_state)
    X = pd.DataFrame(X, columns=names)
    X["rw"] /= 0.0254
    return X, y, np.random.default_rng(random_state).uniform(0.5, 1.5, n_rows)


X, y, weight = field_report(400 if short else 1000, 0)
X_val, y_val, _ = field_report(200, 1)
X_test, y_test, _ = field_report(1000, 2)

# %% [markdown]
# The estimator asks for weights and validation rows. `transform_input` sends `X_val`
# through the steps in front of it, so that all rows reach it in the same units.

# %%
metres = make_column_transformer(
    (FunctionTransformer(lambda inches: 0.0254 * inches), ["rw"]),
    remainder="passthrough",
    verbose_feature_names_out=False,
)
regressor = FiveDRegressor(n_estimators=1 if short else "auto", random_state=0)
regressor.set_fit_request(sample_weight=True, X_val=True, y_val=True)
regressor.set_score_request(sample_weight=True)
model = Pipeline(
    [("metres", metres), ("surrogate", regressor)], transform_input=["X_val"]
)
model.fit(X, y, sample_weight=weight, X_val=X_val, y_val=y_val)
error = np.sqrt(np.mean((model.predict(X_test) - y_test) ** 2))
print(f"RMSE on fresh rows: {error:.2f} m^3/year, of which 1 is the measurement's")
print("inputs that reached the estimator:", *model[-1].feature_names_in_)

# %%
importance = permutation_importance(model, X_test, y_test, n_repeats=5, random_state=0)
for name, mean in zip(names, importance.importances_mean, strict=True):
    print(f"R2 lost without {name}: {mean:.3f}")

# %%
figure, axes = plt.subplots(1, 3, figsize=(13, 4.2), layout="constrained")
LearningCurveDisplay.from_estimator(
    Pipeline([("metres", metres), ("surrogate", FiveDRegressor(n_estimators=1))]),
    X,
    y,
    train_sizes=np.geomspace(0.1, 1, 3 if short else 6),
    cv=3,
    scoring="neg_root_mean_squared_error",
    negate_score=True,
    score_type="test",
    line_kw={"marker": "o", "color": "black"},
    ax=axes[0],
)
axes[0].axhline(1, color="0.5", linestyle="--", label="error of a measurement")
axes[0].set(xlabel="rows in training", ylabel="RMSE (m³/year)", ylim=(0, None))
axes[0].legend()
order = np.argsort(importance.importances_mean)
axes[1].barh(
    np.array(names)[order],
    importance.importances_mean[order],
    xerr=importance.importances_std[order],
    color="0.6",
)
axes[1].set(xlabel="R² lost where the input is shuffled", ylabel="input")
PartialDependenceDisplay.from_estimator(
    model, X_test, ["rw"], line_kw={"color": "black"}, ax=axes[2]
)
plt.gcf().axes[-1].set(xlabel="rw (inch)", ylabel="mean predicted flow (m³/year)")
figure.savefig("plot_pipeline.png", dpi=120)
plt.show()
