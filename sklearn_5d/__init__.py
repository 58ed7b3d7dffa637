"""Regression on five inputs with natural-gradient networks, for scikit-learn."""

from ._regressor import FiveDRegressor
from ._search_space import search_space

__version__ = "0.2.0"

__all__ = ["FiveDRegressor", "__version__", "search_space"]
