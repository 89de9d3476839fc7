"""What callers give for an input, as a numpy array: one table for every client in Python.

* A number, a string, or nested lists of them have no dtype: they are converted by value to
  the dtype that the input asks for, and refused when they do not fit. A bool is no number,
  a float no integer; floats are rounded, and never to an infinity. An empty list takes the
  dtype asked for.
* Whatever carries a dtype is judged by it, through whichever interface it carries it: a
  numpy array or scalar, a buffer, ``__array__`` (data frames, tensors of other libraries),
  DLPack, and lists of these.

Needs numpy alone: ``stele_native`` has this very file.
"""

from __future__ import annotations

from typing import Any

import numpy as np

Array = np.ndarray[Any, np.dtype[Any]]

_INTERFACES = ("dtype", "__array__", "__array_interface__", "__array_struct__", "__dlpack__")
_PLAIN = frozenset({bool, int, float, complex, str, bytes, type(None)})
# To which kinds of dtypes numbers of a kind convert; bfloat16's is V.
_CONVERTS = {"b": "b", "i": "iufVc", "u": "iufVc", "f": "fVc", "c": "c"}


def as_array(value: object, expected: np.dtype[Any] | None) -> Array:
    """Return a value as an array: no subclass, in this machine's byte order, row-major.

    Args:
        value: What the caller gave.
        expected: The dtype that the input asks for, ``object`` for strings; None when
            nobody knows.

    Returns:
        An array of the value's own dtype, or of the one expected for a value without one.
        Strings are ``bytes`` or ``str`` in an array of objects, or have a fixed width. It
        shares memory where it can.

    Raises:
        TypeError: No array can be made of it, or none of numbers where these are expected.
        ValueError: Lists of different lengths.
        OverflowError: A number that the dtype cannot hold.
    """
    array = _own_array(value) if _carries_dtype(value) else _by_value(value, expected)
    if array.dtype.kind == "O" and expected is not None and expected.kind != "O":
        _require_text(array, expected)
    # numpy's own function, which no subclass can replace.
    return np.asarray(array, dtype=array.dtype.newbyteorder("="), order="C")


def _carries_dtype(value: object) -> bool:
    if type(value) in _PLAIN or isinstance(value, (list, tuple)):
        return False
    if any(hasattr(value, name) for name in _INTERFACES):
        return True
    try:
        memoryview(value)  # type: ignore[arg-type]
    except TypeError:
        return False
    return True


def _own_array(value: Any) -> Array:  # noqa: ANN401
    if isinstance(value, (str, bytes)):
        # A numpy string: a dtype of a fixed width would drop the NULs at its end.
        return np.asarray(value, dtype=object)
    return _read(value)


def _read(value: Any) -> Array:  # noqa: ANN401
    try:
        if hasattr(value, "__dlpack__") and not hasattr(value, "__array__"):
            return np.from_dlpack(value)
        return np.asarray(value)
    except (ValueError, OverflowError):  # numpy's own words.
        raise
    except Exception as error:  # Whatever another library raises.
        raise TypeError(f"{type(value).__name__} gives no array: {error}") from error


def _by_value(value: object, expected: np.dtype[Any] | None) -> Array:
    natural = _read(value)
    if natural.dtype.kind in "SUT":
        return np.asarray(value, dtype=object)  # For its NULs, as above.
    types, carriers = _leaves(value)
    if carriers:
        return _of_arrays(value, types, carriers)
    if expected is None:
        return natural
    if natural.size == 0:
        return np.empty(natural.shape, expected)
    kind = _kind(types) or natural.dtype.kind
    return _fitting(value, expected) if expected.kind in _CONVERTS.get(kind, "") else natural


def _leaves(value: object) -> tuple[set[type], list[object]]:
    """Return the types of what nested lists hold, and the leaves that carry a dtype."""
    types: set[type] = set()
    carriers: list[object] = []
    rows: list[Any] = [[value]]
    while rows:
        row = rows.pop()
        kinds = set(map(type, row))
        types |= kinds & _PLAIN
        if kinds <= _PLAIN:
            continue
        for item in row:
            if isinstance(item, (list, tuple)):
                rows.append(item)
            elif _carries_dtype(item):
                carriers.append(item)
            else:
                types.add(type(item))
    return types, carriers


def _of_arrays(value: object, types: set[type], carriers: list[object]) -> Array:
    """Return lists of arrays, which must be of one dtype, with numbers that fit it."""
    dtypes = {_own_array(carrier).dtype for carrier in carriers}
    if len(dtypes) > 1:
        names = ", ".join(sorted(map(str, dtypes)))
        raise TypeError(f"holds arrays of several dtypes: {names}")
    (dtype,) = dtypes
    if types and dtype.kind not in _CONVERTS.get(_kind(types), "O"):
        names = ", ".join(sorted(kind.__name__ for kind in types))
        raise TypeError(f"holds arrays of {dtype} beside {names}")
    return _fitting(value, dtype)


def _kind(types: set[type]) -> str:
    """Return numpy's letter for Python's numbers of these types; none for others."""
    numbers = {"b": (bool,), "i": (int,), "f": (int, float), "c": (int, float, complex)}
    kinds = (
        kind
        for kind, accepted in numbers.items()
        if all(issubclass(kind, accepted) for kind in types)
    )
    return next(kinds, "")


def _fitting(value: object, dtype: np.dtype[Any]) -> Array:
    """Convert numbers of a kind that the dtype can hold; numpy itself bounds integers."""
    with np.errstate(over="ignore"):
        array = np.asarray(value, dtype=dtype)
    if dtype.kind not in "fVc":
        return array
    wide = np.asarray(value, dtype=np.complex128 if dtype.kind == "c" else np.float64)
    lost = np.isfinite(wide) & ~np.isfinite(array)
    if lost.any():
        raise OverflowError(f"{wide[lost].item(0)} does not fit {dtype}")
    return array


def _require_text(array: Array, expected: np.dtype[Any]) -> None:
    """Refuse objects that are no strings: strings are refused by their dtype, as BYTES."""
    types = set(map(type, array.ravel().tolist()))
    if not all(issubclass(kind, (str, bytes)) for kind in types):
        names = ", ".join(sorted(kind.__name__ for kind in types))
        raise TypeError(f'holds objects ({names}), not numbers; give an array of "{expected}"')
