"""Data sets and estimators, each an entry."""

import dataset
import numpy as np
import peers
import pytest
import scores
from estimator import ESTIMATORS


@pytest.mark.parametrize("name", ["friedman1", "friedman1_growing_noise"])
def test_noise_is_a_share_of_the_sd(name):
    formula = dataset.FORMULAS[name]
    clean, noisy = formula.split(20_000, 0.0, 0), formula.split(20_000, 0.1, 0)
    np.testing.assert_array_equal(clean.X_train, noisy.X_train)
    np.testing.assert_array_equal(clean.truth, noisy.truth)
    sd = clean.truth.std()
    noise = (noisy.y_train - clean.y_train) / sd
    assert np.std(noise) == pytest.approx(0.1, rel=0.05)
    assert np.std(noisy.y_test - noisy.truth) == pytest.approx(0.1 * sd, rel=0.05)
    low, high = (
        noise[chosen].std()
        for chosen in (noisy.X_train[:, 0] < 0.05, noisy.X_train[:, 0] > 0.95)
    )
    growth = 10**0.95 if formula.growing else 1
    assert high / low == pytest.approx(growth, rel=0.15)


def test_groups_of_a_table_stay_whole():
    rng = np.random.default_rng(0)
    groups = np.repeat(np.arange(20), 5)
    X = np.column_stack([groups, rng.normal(size=(100, 4))])
    table = dataset.Table("groups", X, rng.normal(size=100), groups)
    held_out = []
    for seed in range(dataset.N_FOLDS):
        split = table.split(None, None, seed)
        assert not set(split.X_train[:, 0]) & set(split.X_test[:, 0])
        held_out += list(split.y_test)
    np.testing.assert_array_equal(np.sort(held_out), np.sort(table.y))


def test_tables_of_a_folder(tmp_path):
    (tmp_path / "rocks.csv").write_text("a,b,c,d,e,y\n" + "1,2,3,4,5,6\n" * 9)
    table = dataset.load_tables(tmp_path)["rocks"]
    assert table.X.shape == (9, 5)
    assert set(table.y) == {6}
    assert set(dataset.load_tables()) == {"airfoil", "airfoil_grouped"}
    with pytest.raises(ValueError, match="expected at least one"):
        dataset.load_tables(tmp_path / "empty")


@pytest.mark.parametrize("name", ESTIMATORS)
def test_entries(name):
    entry = ESTIMATORS[name]
    if not entry.is_installed():
        pytest.skip("its package is not installed")
    model = entry.make(3)
    states = [v for k, v in model.get_params().items() if k.endswith("random_state")]
    assert set(states) <= {3, None}


PACKAGES = [
    name
    for name, each in ESTIMATORS.items()
    if each.target.startswith(("peers", "ngboost"))
]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", PACKAGES)
def test_peers_learn_and_know_how_well(name):
    entry = ESTIMATORS[name]
    if not entry.is_installed():
        pytest.skip("its package is not installed")
    split = dataset.FORMULAS["friedman1"].split(200, 0.1, 0)
    model = entry.make(0)
    if "n_estimators" in model.get_params():
        model.set_params(n_estimators=200)
    model.fit(split.X_train, split.y_train)
    X, y = split.X_test[:500], split.y_test[:500]
    assert scores.point_scores(y, model.predict(X))["error"] < 0.6
    quantiles, normal = scores.predictive_distribution(model, X)
    if quantiles is not None:
        assert (np.diff(quantiles) >= 0).all()
        found = scores.distribution_scores(y, quantiles, normal, y.std())
        # Boosting without calibration is too sure of itself on 200 rows.
        calibrated = "MAPIE" in name or "kriging" in name
        assert 0.85 if calibrated else 0.4 < found["coverage_90"] < 0.99
        assert found["crps"] < 0.3


def test_legendre_basis_is_orthonormal():
    X = np.random.default_rng(0).uniform(-1, 1, (200_000, 3))
    basis = peers.legendre_basis(X, 3)
    # Terms of total degree 1 to 3: the constant is the intercept.
    assert basis.shape[1] == 19
    np.testing.assert_allclose(basis.T @ basis / len(X), np.eye(19), atol=0.03)


def test_polynomial_chaos_finds_the_degree():
    X = np.random.default_rng(0).uniform(size=(300, 5))
    y = X[:, 0] ** 3 * X[:, 1] - X[:, 2]
    model = peers.PolynomialChaosRegressor().fit(X, y)
    assert model.model_[1].kw_args["degree"] == 4
    assert np.abs(model.predict(X) - y).max() < 1e-6
