"""The guide runs as doctests; what a page needs may be missing."""

from importlib.util import find_spec

# With the oldest versions there is no onnxruntime.
collect_ignore = [] if find_spec("onnxruntime") else ["export.rst"]
