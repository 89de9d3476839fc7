from collections.abc import Iterable, Mapping
from os import PathLike
from types import TracebackType
from typing import Any, Literal, Never, Self, final

from numpy.typing import ArrayLike, NDArray

from stele_native._signature import Signature

__all__ = [
    "Model",
    "Runner",
    "Server",
    "Services",
    "__version__",
    "_wait_for_calls",
    "tensorflow_version",
]

__version__: str

_Inputs = Mapping[str, ArrayLike] | Iterable[tuple[str, ArrayLike]]

def _wait_for_calls() -> None: ...
def tensorflow_version(library: str | PathLike[str] | None = None) -> str: ...

@final
class Model:
    def __new__(
        cls,
        path: str | PathLike[str],
        *,
        tags: Iterable[str] | None = None,
        profile: Literal["default", "inline", "single", "python"] | None = None,
        config: bytes | None = None,
        library: str | PathLike[str] | None = None,
    ) -> Self: ...
    @property
    def signatures(self) -> Mapping[str, Signature]: ...
    def __call__(self, *unnamed: Never, **inputs: ArrayLike) -> dict[str, NDArray[Any]]: ...
    def run(
        self, inputs: _Inputs, signature: str = "serving_default"
    ) -> dict[str, NDArray[Any]]: ...
    def prepare(self, signature: str = "serving_default") -> Runner: ...
    def close(self) -> None: ...
    def __enter__(self) -> Self: ...
    def __exit__(
        self,
        *_exception: type[BaseException] | BaseException | TracebackType | None,
    ) -> None: ...

@final
class Runner:
    @property
    def signature(self) -> Signature: ...
    def __call__(self, *unnamed: Never, **inputs: ArrayLike) -> dict[str, NDArray[Any]]: ...
    def run(self, inputs: _Inputs) -> dict[str, NDArray[Any]]: ...

@final
class Server:
    def __new__(cls, options: Mapping[str, Any]) -> Self: ...
    @property
    def address(self) -> str: ...
    @property
    def rest(self) -> str | None: ...
    def drain(self) -> bool: ...

@final
class Services:
    def __new__(cls, options: Mapping[str, Any]) -> Self: ...
    def answer(self, path: str, request: bytes, peer: str) -> bytes: ...
