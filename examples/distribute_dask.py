"""
Does a cluster give the same model, and what has to travel?
===========================================================

The members of a committee, the folds of a cross-validation and the candidates of a
search are tasks of joblib, and joblib gives them to Dask. Two processes stand for the
machines here; with a real cluster only the line with `Client` changes. See the
page on clusters of the user guide.
"""

# %%
import os
import pickle

import numpy as np
from dask.distributed import Client, LocalCluster
from joblib import parallel_config
from sklearn.model_selection import GridSearchCV, cross_val_score

from sklearn_5d import FiveDRegressor, search_space
from sklearn_5d.datasets import make_function

short = os.environ.get("SKLEARN_5D_SHORT") == "1"


def main():
    """Fit, cross-validate and search, on a cluster and here."""
    X, y = make_function("piston", 500 if short else 10_000, random_state=0)
    model = FiveDRegressor(n_estimators=2 if short else 8, random_state=0)
    single = FiveDRegressor(n_estimators=1, random_state=0)
    space = {"activation": search_space()["activation"]}
    with (
        LocalCluster(
            n_workers=2, threads_per_worker=1, dashboard_address=None
        ) as cluster,
        Client(cluster),
        parallel_config(backend="dask"),
    ):
        prediction = model.fit(X, y).predict(X)
        scores = cross_val_score(single, X, y, cv=2)
        search = GridSearchCV(single, space, cv=2).fit(X, y)
    same = np.array_equal(prediction, model.fit(X, y).predict(X))
    print("a committee, the same bits as here:", same)
    same = np.array_equal(scores, cross_val_score(single, X, y, cv=2))
    print("a cross-validation, the same scores as here:", same)
    print("the best of a grid:", search.best_params_)
    print(f"rows that each member needs: {X.nbytes + y.nbytes:,} bytes")
    print(f"a fitted member: {len(pickle.dumps(model.estimators_[0])):,} bytes")


# A new process imports this file, and must not start a cluster in turn.
if __name__ == "__main__":
    main()
