"""What do the figures mean?

Rules that turn figures into sentences. Each takes the rows and gives a list, and each
can come out either way.
"""

import numpy as np
from estimator import BASELINE, REFERENCE
from figures import (
    coverages,
    exponent,
    functions_by_size,
    mean_errors,
    mean_times,
    metrics_by_size,
    noises,
    pareto_front,
    second_machine_balance,
    table_scores,
)
from wording import count, listed, number, with_noise

REQUIREMENT_ROWS, REQUIREMENT_S = 10_000, 60


def headline(rows):
    """Say the three figures that matter most; the README quotes them."""
    accurate = f"Accuracy at {count(REQUIREMENT_ROWS)}, {with_noise(0)} "
    return [
        *(each for each in rank(rows) if each.startswith(accurate)),
        *requirement(rows)[:1],
        *coverage(rows)[:1],
    ]


def conclusions(rows, cores):
    """Say all that the report concludes; see the rules below."""
    rules = (rank, requirement, scaling, coverage, tables)
    sentences = [sentence for rule in rules for sentence in rule(rows)]
    return sentences + second_machine(rows, cores)


def rank(rows):
    """Compare the baseline's error at each size with the best of the others."""
    sentences = []
    measured = rows[(rows.measurement == "accuracy") & (rows.estimator == BASELINE)]
    for noise in noises(rows):
        errors = mean_errors(rows, noise)
        functions = functions_by_size(rows, noise)
        others = errors[~errors.index.astype(str).str.startswith(BASELINE)]
        tried = measured[measured.noise == noise].n_samples
        for size in others.columns[others.notna().any()].intersection(tried):
            ours = errors[size].get(BASELINE, np.nan)
            where = (
                f"Accuracy at {count(size)}, {with_noise(noise)} "
                f"({count(len(functions[size]), 'function')}): "
            )
            sentences.append(where + _compare(ours, others[size].dropna()))
    return sentences


def _compare(ours, others):
    if np.isnan(ours):
        return (
            f"{BASELINE} failed on functions where others did not, and is not compared."
        )
    best = others.idxmin()
    ratio = others[best] / ours
    verdict = (
        f"{number(ratio)} times smaller than that of the best peer, {best}"
        if ratio >= 1
        else f"{number(1 / ratio)} times larger than that of {best}, and "
        f"{(others < ours).sum()} of {len(others)} peers are better"
    )
    return f"the error of {BASELINE} is {number(ours)} of the sd, {verdict}."


def requirement(rows):
    """Say whether 10,000 rows are fitted in under a minute."""
    fit_times = mean_times(rows)
    if REQUIREMENT_ROWS not in fit_times:
        return [
            f"The requirement of {REQUIREMENT_ROWS:,} rows in less than "
            f"{REQUIREMENT_S} s was not tested: no such run."
        ]
    seconds = fit_times[REQUIREMENT_ROWS].reindex([BASELINE, REFERENCE]).dropna()
    return [
        f"{name} fits {REQUIREMENT_ROWS:,} rows in {number(value)} s on one core: the "
        f"requirement of less than {REQUIREMENT_S} s is "
        f"{'met' if value < REQUIREMENT_S else 'not met'}."
        for name, value in seconds.items()
    ]


def scaling(rows):
    """Say how the fit time grows with the rows."""
    fit_times = mean_times(rows)
    sentences = []
    for name in fit_times.index.intersection([BASELINE, REFERENCE]):
        values = fit_times.loc[name].dropna()
        slope = exponent(values)
        if np.isnan(slope):
            sentences.append(f"{name}: too few sizes for a scaling exponent.")
            continue
        kinds = {0.9: "more slowly than", 1.1: "as fast as", np.inf: "faster than"}
        kind = next(kind for limit, kind in kinds.items() if slope < limit)
        sentences.append(
            f"{name}: from {values.index[0]:,} to {values.index[-1]:,} rows the fit "
            f"time grows {number(values.iloc[-1] / values.iloc[0])}-fold, {kind} the "
            f"number of rows (exponent {number(slope)})."
        )
    return sentences


def second_machine(rows, cores):
    """Say from how many rows on a second machine saves more time than it costs."""
    seconds = second_machine_balance(rows, cores)
    sentences = []
    for kind, verb in {"fit": "fitting", "predict": "predicting"}.items():
        saved, cost = seconds[f"{kind} saves"].dropna(), seconds[f"{kind} costs"]
        if saved.empty:
            continue
        pays = saved.index[saved > cost[saved.index]]
        size = pays[0] if len(pays) else saved.index[-1]
        verdict = (
            f"pays from {size:,} rows on"
            if len(pays)
            else f"does not pay to {size:,} rows"
        )
        sentences.append(
            f"A second machine with {count(cores, 'core')} for {verb} {verdict}: there "
            f"it saves {number(saved[size])} s and costs {number(cost[size])} s."
        )
    return sentences


def learning(rows):
    """Say how the error falls with the rows on the timed functions."""
    sentences = []
    for name in (BASELINE, REFERENCE):
        for (dataset, noise, _), means in metrics_by_size(rows, name):
            if len(means) < 2:
                continue
            first, last = means.error.iloc[[0, -1]]
            change = (
                f"falls by a factor of {number(first / last)}"
                if last < first
                else "does not fall"
            )
            good = means.index[means.R2 > 0.99]
            sentences.append(
                f"{name} on {dataset}, {with_noise(noise)}: from {means.index[0]} to "
                f"{means.index[-1]} rows the error {change}; R2 exceeds 0.99 "
                + (f"from {good[0]} rows." if len(good) else "nowhere.")
            )
    return sentences or ["Too few sizes were measured for an observation."]


def coverage(rows):
    """Say whether the 90 % intervals keep what they promise."""
    means = coverages(rows)[90].groupby(level="estimator", observed=True).mean()
    return [
        f"The 90 % intervals of {name} cover {number(mean)} % of fresh rows: "
        f"{'too narrow' if mean < 88 else 'too wide' if mean > 92 else 'right'} on "
        "average."
        for name, mean in means.items()
    ]


def tables(rows):
    """Say where the baseline stands on the measured tables."""
    errors = table_scores(rows, "error")
    ranks = errors["mean rank"].dropna().sort_values()
    if BASELINE not in ranks:
        return []
    best = errors.loc[ranks.index].drop(columns="mean rank")
    ratio = best.loc[BASELINE] / best.drop(BASELINE).min()
    return [
        f"On {count(best.shape[1], 'measured table')} {BASELINE} has a mean rank of "
        f"{number(ranks[BASELINE])} among {len(ranks)} estimators, and the smallest "
        f"mean rank is that of {ranks.index[0]}, {number(ranks.iloc[0])}. Its error "
        f"divided by that of the best of the others is {number(ratio.min())} "
        f"({ratio.idxmin()}) to {number(ratio.max())} ({ratio.idxmax()})."
    ]


def recommendations(rows):
    """Say what to take at each size: the cheapest of the nearly best."""
    sentences = []
    errors, fit_times = mean_errors(rows, 0), mean_times(rows)
    functions = functions_by_size(rows, 0)
    for size in errors.columns.intersection(fit_times.columns):
        error, seconds = errors[size], fit_times[size]
        front = pareto_front(seconds, error)
        with_figures = {
            name: f"{name} (error {number(error[name])}, {number(seconds[name])} s)"
            for name in front
        }
        good = [name for name in front if error[name] <= 1.1 * error.min()]
        if not good:
            continue
        sentence = (
            f"{count(size)} ({count(len(functions[size]), 'function')}): take "
            f"{with_figures[good[0]]} for accuracy"
        )
        if front[0] != good[0]:
            sentence += f"; {with_figures[front[0]]} where time is all"
        if between := [name for name in front[1:] if name not in good]:
            sentence += f"; between the two lie {listed(between)}"
        sentences.append(sentence + ".")
    return sentences or ["Too little was measured."]
