"""Where the HTML representation of an estimator links to."""

from importlib.metadata import PackageNotFoundError, metadata


def documentation_url():
    """Return the address of the documentation, as pyproject.toml has it.

    Returns
    -------
    str
        The address; empty where the package was not installed.
    """
    try:
        urls = metadata(__package__).get_all("Project-URL")
    except PackageNotFoundError:
        return ""
    return dict(url.split(", ", 1) for url in urls)["Documentation"]


class DocumentationLinkMixin:
    """Mixin of an estimator that has a page in the API reference."""

    _doc_link_module = __package__

    @property
    def _doc_link_template(self):
        url = documentation_url()
        return url and f"{url}api/{{estimator_module}}.{{estimator_name}}.html"
