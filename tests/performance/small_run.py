"""A run of two peers on few rows."""

PEERS = ["GaussianProcessRegressor", "RBFInterpolator"]


def command(output, tables, *more):
    names = ["--tables", str(tables), "--estimators", *PEERS]
    return ["--output", str(output), *names, *more]
