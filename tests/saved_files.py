"""The content of a saved file."""

from zipfile import ZipFile


def unpack(path):
    with ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}
