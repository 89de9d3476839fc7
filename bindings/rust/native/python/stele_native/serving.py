"""The server behind the command ``stele serve``."""

from stele_native._native import Server, Services

__all__ = ["Server", "Services"]
