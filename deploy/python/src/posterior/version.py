"""The version of this package, which is the one of the server it was made for."""

from importlib.metadata import PackageNotFoundError, version

try:
    __version__ = version("posterior-client")
except PackageNotFoundError:
    __version__ = "0"
