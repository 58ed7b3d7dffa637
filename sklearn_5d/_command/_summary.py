"""What the folds of a report say together, as numbers, as text and for machines."""

from dataclasses import dataclass

import numpy as np

from .. import __version__
from ._console import align
from ._evaluation import MIN_TRACED_ROWS, OURS


@dataclass(frozen=True)
class Summary:
    """A report, before it is written down.

    Parameters
    ----------
    table : Table
        The table.
    warnings : list of str
        What looks wrong, and what FiveDRegressor warned of.
    n_folds : int
        The number of folds that were asked for.
    folds : list of Fold
        Those that are done.
    """

    table: object
    warnings: list
    n_folds: int
    folds: list

    @property
    def rows(self):
        """The rows that were held out, in the order of the folds."""
        return np.concatenate([fold.test for fold in self.folds])

    @property
    def y_true(self):
        """Their targets."""
        return self.table.y[self.rows]

    @property
    def y_pred(self):
        """The predictions for them of a model that has not seen them."""
        return np.concatenate([fold.y_pred for fold in self.folds])

    @property
    def is_complete(self):
        """Whether all folds are done."""
        return len(self.folds) == self.n_folds

    def scores(self):
        """Compute the scores of each estimator.

        Returns
        -------
        dict of dict
            ``r2``, ``rmse``, ``mae`` (means of the folds), ``rmse_sd`` (sd over the
            folds), ``fit_time_s`` (their median) and ``peak_memory_mib`` (in one fold,
            where rows are many).
        """
        together = {}
        for name in self.folds[0].scores:
            folds = [fold.scores[name] for fold in self.folds]
            r2, rmse, mae, fit_time_s, memory = (
                np.array([fold.get(key, np.nan) for fold in folds])
                for key in ("r2", "rmse", "mae", "fit_time_s", "peak_memory_mib")
            )
            together[name] = {
                "r2": _of_some(np.mean, r2),  # a single row has none
                "rmse": rmse.mean(),
                "rmse_sd": rmse.std(),
                "mae": mae.mean(),
                "fit_time_s": _of_some(np.median, fit_time_s),
                "peak_memory_mib": _of_some(np.max, memory),
            }
        return together

    def coverage(self):
        """Compute what the intervals cover.

        Returns
        -------
        dict of dict
            By level: ``coverage``, the share of held-out rows inside, and
            ``median_width``. Only levels that all folds had rows for.
        """
        levels = set.intersection(*(set(fold.intervals) for fold in self.folds))
        together = {}
        for level in sorted(levels):
            bounds = np.concatenate([fold.intervals[level] for fold in self.folds])
            lower, upper = bounds.T
            inside = (lower <= self.y_true) & (self.y_true <= upper)
            together[level] = {
                "coverage": inside.mean(),
                "median_width": np.median(upper - lower),
            }
        return together

    def why_no_coverage(self):
        """Say why there are no intervals.

        Returns
        -------
        str
            What FiveDRegressor said in a fold; empty where there are some.
        """
        return next((f.why_no_intervals for f in self.folds if not f.intervals), "")

    def effects(self):
        """Compute what the inputs do, the most important one first.

        Returns
        -------
        dict of dict
            By input: ``importance`` and ``importance_sd`` (over folds and
            permutations), ``grid``, ``mean``, ``low`` and ``high`` (partial dependence,
            and the 5 % and 95 % quantiles of its curves), and ``gradient_mean``,
            ``gradient_low``, ``gradient_high`` in the same manner.
        """
        together = {}
        for k, name in enumerate(self.table.X):
            effects = [fold.effects for fold in self.folds]
            importance = np.concatenate([each.importance[k] for each in effects])
            curves = np.concatenate([each.curves[k] for each in effects])
            gradient = np.concatenate([each.gradient[:, k] for each in effects])
            together[name] = {
                "importance": importance.mean(),
                "importance_sd": importance.std(),
                "grid": effects[0].grids[k],
                "mean": curves.mean(axis=0),
                "low": np.quantile(curves, 0.05, axis=0),
                "high": np.quantile(curves, 0.95, axis=0),
                "gradient_mean": gradient.mean(),
                "gradient_low": np.quantile(gradient, 0.05),
                "gradient_high": np.quantile(gradient, 0.95),
            }
        first = sorted(together, key=lambda name: -together[name]["importance"])
        return {name: together[name] for name in first}

    def ranges(self):
        """Describe the columns.

        Returns
        -------
        dict of dict
            By column, the target last: ``minimum``, ``maximum``, ``mean``, ``sd`` and
            ``n_distinct``.
        """
        columns = {name: self.table.X[name].to_numpy() for name in self.table.X}
        columns[self.table.target] = self.table.y
        return {
            name: {
                "minimum": values.min(),
                "maximum": values.max(),
                "mean": values.mean(),
                "sd": values.std(),
                "n_distinct": len(np.unique(values)),
            }
            for name, values in columns.items()
        }

    def to_dict(self):
        """Collect everything for machines.

        Returns
        -------
        dict
            The report.
        """
        return {
            "sklearn_5d": __version__,
            "table": self.table.title,
            "notes": self.table.notes,
            "warnings": self.warnings,
            "n_rows": len(self.table.y),
            "target": self.table.target,
            "columns": self.ranges(),
            "n_folds": len(self.folds),
            "interrupted": not self.is_complete,
            "scores": self.scores(),
            "intervals": self.coverage(),
            "inputs": self.effects(),
        }

    def method(self):
        """Say how the figures came about.

        Returns
        -------
        str
            A sentence or two.
        """
        target = self.table.target
        kind = "-fold cross-validation"
        if self.table.groups is not None:
            n_groups = len(np.unique(self.table.groups))
            kind += f" that keeps each of {n_groups:,} groups whole"
        if self.table.sample_weight is not None:
            kind += ", weighted"
        text = f"{self.n_folds}{kind}; RMSE and MAE in the units of {target}"
        if not self.is_complete:
            text += f". Interrupted: {len(self.folds)} of {self.n_folds} folds"
        return text

    def to_text(self):
        """Write the report down.

        Returns
        -------
        str
            Plain text.
        """
        X = self.table.X
        lines = [
            f"sklearn_5d {__version__}",
            "",
            self.table.title,
            f"{len(X):,} rows, {X.shape[1]} inputs",
            *(f"Note: {note}" for note in self.warnings),
            "",
            *align(self.range_cells()),
            "",
            self.method(),
            "",
            *align(self.score_cells()),
            "",
            "R2, RMSE and MAE: means of the folds; sd: of the RMSE over the folds.",
            "fit (s): median of the folds, one thread. MiB: peak of what Python and "
            "NumPy allocate",
            f"in one more fit, in a fold of its own, from {MIN_TRACED_ROWS} rows on.",
            "",
            *self._coverage_lines(),
            "",
            f"What the inputs do to {self.table.target}",
            "",
            *align(self.effect_cells()),
            "",
            "importance: rise of the RMSE when the input is shuffled, sd over folds "
            "and shuffles.",
            "effect: range of the partial dependence. gradient: mean, and 90 % of the "
            "rows.",
        ]
        return "\n".join(lines)

    def _coverage_lines(self):
        coverage = self.coverage()
        if not coverage:
            return [f"No intervals of {OURS}: {self.why_no_coverage()}"]
        level = max(set(coverage) - {0.95})
        measured = coverage[level]
        return [
            f"{level:.0%} intervals of {OURS}: {measured['coverage']:.1%} of the "
            f"out-of-fold rows inside, median width {measured['median_width']:.4g}"
        ]

    def range_cells(self):
        """Lay out `ranges`: a heading, and a line for each column."""
        digits = {"minimum": 6, "maximum": 6, "mean": 4, "sd": 4}
        cells = [["column", *digits, "distinct"]]
        for name, values in self.ranges().items():
            label = f"{name} (target)" if name == self.table.target else name
            numbers = [f"{values[key]:.{digits[key]}g}" for key in digits]
            cells.append([label, *numbers, f"{values['n_distinct']:,}"])
        return cells

    def score_cells(self):
        """Lay out `scores`: a heading, and a line for each estimator."""
        cells = [["estimator", "R2", "RMSE", "sd", "MAE", "fit (s)", "MiB"]]
        for name, score in self.scores().items():
            numbers = [
                f"{score['r2']:.5f}",
                f"{score['rmse']:.4g}",
                f"{score['rmse_sd']:.2g}",
                f"{score['mae']:.4g}",
                f"{score['fit_time_s']:.3g}",
                f"{score['peak_memory_mib']:.1f}",
            ]
            cells.append([name, *("-" if "nan" in text else text for text in numbers)])
        return cells

    def coverage_cells(self):
        """Lay out `coverage`: a heading, and a line for each level."""
        cells = [["level", "inside", "median width"]]
        for level, measured in self.coverage().items():
            width = f"{measured['median_width']:.4g}"
            cells.append([f"{level:.0%}", f"{measured['coverage']:.1%}", width])
        return cells

    def effect_cells(self):
        """Lay out `effects`: a heading, and a line for each input."""
        cells = [["input", "importance", "sd", "effect", "gradient", "from", "to"]]
        for name, effect in self.effects().items():
            numbers = [
                effect["importance"],
                effect["importance_sd"],
                np.ptp(effect["mean"]),
                effect["gradient_mean"],
                effect["gradient_low"],
                effect["gradient_high"],
            ]
            cells.append([name, *(f"{number:.3g}" for number in numbers)])
        return cells


def _of_some(function, values):
    known = values[~np.isnan(values)]
    return function(known) if len(known) else np.nan
