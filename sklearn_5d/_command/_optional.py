"""Packages that only the command needs."""

from functools import partial

from .. import _files

import_optional = partial(_files.import_optional, user="The command", extra="report")
