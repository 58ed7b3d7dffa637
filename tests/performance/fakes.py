"""Estimators that act on more rows than the fit that is not counted has."""

import os
import time

import dataset
import estimator
import measurement
import numpy as np
from sklearn.base import BaseEstimator, RegressorMixin


class MeanRegressor(RegressorMixin, BaseEstimator):
    """Predicts the mean, at once and for nothing: what the fakes below have in common.

    They act on more rows than the fit that is not counted has.
    """

    def fit(self, X, y):
        self.mean_ = y.mean()
        if len(X) > measurement.WARM_UP_ROWS:
            self.act()
        return self

    def act(self):
        pass

    def predict(self, X):
        return np.full(len(X), self.mean_)


class SpikeRegressor(MeanRegressor):
    def act(self):
        spike = np.ones(50 * 2**17)
        time.sleep(0.05)
        del spike


class SleepRegressor(MeanRegressor):
    def act(self):
        time.sleep(0.3)


class RaiseRegressor(MeanRegressor):
    def act(self):
        raise ValueError("no such luck in /home/somebody/secret/table.csv")


class HangRegressor(MeanRegressor):
    def act(self):
        time.sleep(60)


class DieRegressor(MeanRegressor):
    def act(self):
        os._exit(3)


class ShyRegressor(MeanRegressor):
    def predict_interval(self, X, confidence_level):
        raise ValueError("too few rows")


def run_fake(name, kind="accuracy", time_limit_s=30):
    entry = estimator.Entry(name, f"{__name__}:{name}")
    formula = dataset.FORMULAS["friedman1"]
    cell = measurement.Cell(kind, formula, 300, 0.1, 0, 0, entry)
    return measurement.run_cell(cell, time_limit_s=time_limit_s)
