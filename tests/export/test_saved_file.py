"""A saved file gives back the model."""

import json
import os
import pickle

import numpy as np
import pytest
import sklearn
from exported import every_scaling, fitted, make_table, training_range
from saved_files import unpack
from sklearn.linear_model import LinearRegression

from sklearn_5d import FiveDRegressor, _files
from sklearn_5d._export import _skops_file

load, save = FiveDRegressor.load, FiveDRegressor.save


def round_trip(model, folder):
    pytest.importorskip("skops")
    save(model, folder / "model.skops")
    return load(folder / "model.skops")


@every_scaling
def test_load_gives_back_the_model(parameters, tmp_path):
    model, X = fitted(**parameters), training_range(50)
    loaded = round_trip(model, tmp_path)
    assert type(loaded) is FiveDRegressor
    assert loaded.get_params() == model.get_params()
    for method in ("predict", "predict_gradient"):
        np.testing.assert_array_equal(
            getattr(loaded, method)(X, return_std=True),
            getattr(model, method)(X, return_std=True),
        )
    np.testing.assert_array_equal(
        loaded.predict_interval(X, 0.5), model.predict_interval(X, 0.5)
    )
    expected = model.to_sklearn().predict(X)
    np.testing.assert_array_equal(loaded.to_sklearn().predict(X), expected)
    np.testing.assert_allclose(model.predict(X), expected, rtol=1e-11)
    assert vars(loaded).keys() == vars(model).keys()


def test_load_gives_back_a_model_without_a_hidden_layer(tmp_path):
    model, X = fitted(hidden_layer_sizes=(), n_estimators=2), training_range(50)
    loaded = round_trip(model, tmp_path)
    np.testing.assert_array_equal(loaded.predict_interval(X), model.predict_interval(X))


@pytest.mark.parametrize("solver", ["adam", "sgd", "lbfgs"])
@pytest.mark.parametrize("seed", [0, np.random.RandomState(0)], ids=["int", "state"])
def test_load_gives_back_the_state_of_the_solver(solver, seed, tmp_path):
    X, y = make_table()
    model = FiveDRegressor(
        (8,),
        solver=solver,
        n_estimators=1,
        batch_size=32,
        max_iter=5,
        early_stopping=False,
        random_state=seed,
    ).fit(X, y)
    loaded = round_trip(model, tmp_path)
    for each in (model, loaded):
        if solver != "lbfgs":
            each.estimators_[0].partial_fit(each.x_scaler_.transform(X), y)
    np.testing.assert_array_equal(loaded.predict(X), model.predict(X))


def test_save_takes_names_numpy_parameters_and_requests(tmp_path):
    pandas = pytest.importorskip("pandas")
    X, y = make_table()
    names = [f"größe {i}" for i in range(5)]
    model = FiveDRegressor(
        np.array([8, np.int32(4)]),
        solver="adam",
        n_estimators=np.int64(1),
        batch_size=np.int32(32),
        max_iter=5,
        tol=np.float32(1e-3),
        activation=np.str_("relu"),
        early_stopping=np.bool_(True),
    )
    with sklearn.config_context(enable_metadata_routing=True):
        model.set_fit_request(sample_weight=True, X_val=False)
        model.fit(pandas.DataFrame(X, columns=names), y)
        loaded = round_trip(model, tmp_path)
        requests = [m.get_metadata_routing().fit.requests for m in (loaded, model)]
    assert requests[0] == requests[1]
    assert loaded.feature_names_in_.tolist() == names
    X = pandas.DataFrame(X, columns=names)
    np.testing.assert_array_equal(loaded.predict(X), model.predict(X))


def test_save_takes_whole_numbers_of_any_size(tmp_path):
    model = pickle.loads(pickle.dumps(fitted()))
    for dtype in np.typecodes["AllInteger"]:
        value = np.array([3], dtype)[0]
        loaded = round_trip(model.set_params(n_estimators=value), tmp_path)
        assert loaded.n_estimators == value


def test_a_loaded_model_learns_on(tmp_path):
    X, y = make_table()
    model = pickle.loads(pickle.dumps(fitted())).partial_fit(X, y)
    loaded = round_trip(model, tmp_path)
    for each in (model, loaded):
        each.partial_fit(X, y)
    np.testing.assert_array_equal(loaded.predict(X), model.predict(X))


def test_load_takes_a_model_with_changed_parameters(tmp_path):
    model = pickle.loads(pickle.dumps(fitted()))
    model.set_params(hidden_layer_sizes=(3,), n_estimators=9, random_state=None)
    loaded = round_trip(model, tmp_path)
    assert loaded.hidden_layer_sizes == (3,)


def test_skops_reads_the_file_too(saved):
    skops_io = pytest.importorskip("skops.io")
    names = skops_io.get_untrusted_types(file=saved)
    assert names == sorted(
        name for name in _skops_file.TRUSTED["ObjectNode"] if "sklearn_5d" in name
    )


def test_save_replaces_a_file_only_by_a_complete_one(saved, monkeypatch):
    before = saved.read_bytes()

    def no_space(_):
        raise OSError("No space left on device")

    monkeypatch.setattr(os, "fsync", no_space)
    with pytest.raises(OSError, match="No space"):
        save(fitted(), saved)
    assert saved.read_bytes() == before
    assert os.listdir(saved.parent) == [saved.name]


def test_save_refuses_what_load_would(tmp_path):
    pytest.importorskip("skops")
    model = pickle.loads(pickle.dumps(fitted()))
    model.extra_ = LinearRegression()
    with pytest.raises(ValueError, match="LinearRegression"):
        save(model, tmp_path / "model.skops")
    assert os.listdir(tmp_path) == []


def test_load_of_no_file(tmp_path):
    pytest.importorskip("skops")
    with pytest.raises(FileNotFoundError):
        load(tmp_path / "none")


@pytest.mark.parametrize("package", ["sklearn_5d", "scikit-learn"])
def test_load_names_both_versions(package, saved, monkeypatch):
    here = _files.versions()
    monkeypatch.setattr(_skops_file, "versions", lambda: here | {package: "0.0.9"})
    with pytest.raises(ValueError, match=f"with {package} {here[package]}.* 0.0.9"):
        load(saved)


def test_load_takes_another_patch_release(saved, monkeypatch):
    minor = ".".join(sklearn.__version__.split(".")[:2])
    entries = unpack(saved)
    schema = entries["schema.json"].decode()
    assert schema.count(f'"\\"{sklearn.__version__}\\""') > 3
    entries["schema.json"] = schema.replace(sklearn.__version__, f"{minor}.99")
    versions = _files.versions() | {"scikit-learn": f"{minor}.99"}
    entries["versions.json"] = json.dumps(versions)
    saved.write_bytes(_skops_file._pack(entries))
    assert isinstance(load(saved), FiveDRegressor)
