"""The server behind the command ``stele serve``."""

try:
    from stele_native._native import Server, Services
except ImportError:
    raise ModuleNotFoundError(
        "this stele_native was built without its server", name="stele_native's server"
    ) from None

__all__ = ["Server", "Services"]
