"""The models that are served, by name: which version, and how it came there."""

from __future__ import annotations

import logging
import threading
from collections.abc import Collection
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path

from stele.contract.codes import Code, SteleError
from stele.server import folders
from stele.server.version import Version

_LOG = logging.getLogger("stele.server")

# The version of a SavedModel that has no number.
_ONLY = 1

# How many versions a model's history tells of.
_HISTORY = 16


class State(IntEnum):
    """Where a version is in its life; the numbers are TensorFlow Serving's."""

    LOADING = 20
    AVAILABLE = 30
    END = 50


@dataclass(frozen=True)
class Status:
    """A version's state, and the error that ended it, if one did."""

    state: State
    error: SteleError | None = None


@dataclass(frozen=True)
class Source:
    """Where a model comes from.

    Attributes:
        folder: A SavedModel, or a folder with a numbered one for each version.
        tags: Of the MetaGraphDef.
        session_config: A serialized ConfigProto.
    """

    folder: Path
    tags: Collection[str]
    session_config: bytes


class Served:
    """A model with the version that answers.

    Attributes:
        source: Where it comes from.
        current: The version that answers. A call keeps its own reference, so that
            another may take this place at any time.
        history: What became of the versions, oldest first.
    """

    def __init__(self, source: Source) -> None:
        """Load the newest version.

        Raises:
            SteleError: It cannot be loaded.
        """
        self.source = source
        self.history: dict[int, Status] = {}
        # Versions that could not be loaded, as they were then.
        self._bad: dict[int, folders.Fingerprint] = {}
        # A folder that is neither is refused as no SavedModel.
        found = {} if folders.is_saved_model(source.folder) else folders.versions(source.folder)
        self._versioned = bool(found)
        number, folder = next(iter(found.items()), (_ONLY, source.folder))
        self.current = self._load(number, folder)
        self._tell(number, Status(State.AVAILABLE))

    def refresh(self) -> Version | None:
        """Load the newest version on disk if that is another one; return it.

        A version that cannot be loaded is passed over until its files change.
        """
        if not self._versioned:
            return None
        # With no version left, as while somebody moves them, the old one stays.
        for number, folder in folders.versions(self.source.folder).items():
            if number == self.current.number:
                return None
            loaded = self._try(number, folder)
            if loaded is not None:
                self._tell(self.current.number, Status(State.END))
                self.current = loaded
                self._tell(number, Status(State.AVAILABLE))
                return loaded
        return None

    def _try(self, number: int, folder: Path) -> Version | None:
        seen = folders.fingerprint(folder)
        if self._bad.get(number) == seen:
            return None
        self._tell(number, Status(State.LOADING))
        try:
            return self._load(number, folder)
        except SteleError as error:
            self._bad[number] = seen
            self._tell(number, Status(State.END, error))
            _LOG.error("%s stays out: %s", folder, error)
            return None

    def _load(self, number: int, folder: Path) -> Version:
        return Version(number, folder, self.source.tags, self.source.session_config)

    def _tell(self, number: int, status: Status) -> None:
        history = dict(self.history)
        history[number] = status
        kept = sorted(history)[-_HISTORY:]
        # Replaced, not changed: others read it without a lock.
        self.history = {number: history[number] for number in kept}


class Repository:
    """Models by name. Any thread may look one up; changes happen one at a time."""

    def __init__(self) -> None:
        self._models: dict[str, Served] = {}
        self._changing = threading.Lock()

    def names(self) -> list[str]:
        """Return the models' names, sorted."""
        return sorted(self._models)

    def find(self, name: str) -> Served | None:
        """Return a model; None if there is none of this name."""
        return self._models.get(name)

    def load(self, name: str, source: Source) -> None:
        """Load a model, in the place of one of the same name if there is one.

        Raises:
            SteleError: It cannot be loaded; the one before stays.
        """
        with self._changing:
            self._models[name] = Served(source)
        _LOG.info("%s: version %d of %s", name, self._models[name].current.number, source.folder)

    def unload(self, name: str) -> None:
        """Forget a model; it is released when its last call is done.

        Raises:
            SteleError: NOT_FOUND.
        """
        with self._changing:
            if self._models.pop(name, None) is None:
                raise unknown_model(name, self.names())
        _LOG.info("%s: unloaded", name)

    def refresh(self) -> None:
        """Look for new versions on disk."""
        with self._changing:
            for name, served in self._models.items():
                loaded = served.refresh()
                if loaded is not None:
                    _LOG.info("%s: now version %d", name, loaded.number)


def unknown_model(name: str, models: list[str]) -> SteleError:
    """Say that there is no such model, and which there are."""
    names = ", ".join(f'"{other}"' for other in models) or "none"
    return SteleError(Code.NOT_FOUND, f'no model "{name}"; this server has {names}')
