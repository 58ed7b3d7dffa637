"""What a type checker knows of the public interface: `mypy` reads it."""

from typing import assert_type

import numpy as np
from numpy.typing import NDArray

from sklearn_5d import FiveDRegressor, search_space
from sklearn_5d.datasets import FUNCTIONS, load_airfoil_self_noise, make_function

Floats = NDArray[np.float64]

X = np.zeros((10, 5))
y = [0.0] * 10

model = FiveDRegressor((32, 16), n_estimators=2, max_steps="auto", random_state=0)
model = assert_type(model.fit(X, y, groups=y), FiveDRegressor)
model = assert_type(model.partial_fit(X, y), FiveDRegressor)
assert_type(model.predict(X), Floats)
assert_type(model.predict(X, return_std=True), tuple[Floats, Floats])
assert_type(model.predict_interval(X, [0.5, 0.9]), Floats)
assert_type(model.predict_quantiles(X), Floats)
assert_type(model.predict_gradient(X), Floats)
assert_type(model.predict_gradient(X, return_std=True), tuple[Floats, Floats])
assert_type(model.is_extrapolation(X), NDArray[np.bool_])
assert_type(model.residual_scale_, float)
model.save("model.skops")
assert_type(FiveDRegressor.load("model.skops"), FiveDRegressor)

FiveDRegressor(patience="endless")  # type: ignore[arg-type]
model.predict_interval()  # type: ignore[call-arg]

for name, values in search_space().items():
    assert_type(name, str)
    print(name, len(values))

assert_type(make_function("piston", 10), tuple[Floats, Floats])
assert_type(FUNCTIONS["piston"](X), Floats)
assert_type(FUNCTIONS["piston"].inputs[0].low, float)
X_measured, y_measured = load_airfoil_self_noise(return_X_y=True)
load_airfoil_self_noise("as_frame")  # type: ignore[call-overload]
