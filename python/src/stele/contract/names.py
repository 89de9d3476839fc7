"""Names that callers give: of models, signatures, inputs."""

from __future__ import annotations

from stele.contract.codes import Code, SteleError
from stele.contract.lines import nul_in


def require_name(name: object) -> str:
    """Return a name that every language can write.

    Raises:
        SteleError: INVALID_ARGUMENT for what is no string, holds a NUL, at which a C string
            would end, or a lone surrogate, which UTF-8 has no form for.
    """
    if not isinstance(name, str):
        raise SteleError(
            Code.INVALID_ARGUMENT, f"a name is a string, and {type(name).__name__} is none"
        )
    if "\0" in name:
        raise SteleError(Code.INVALID_ARGUMENT, nul_in(name))
    try:
        name.encode()
    except UnicodeEncodeError:
        shown = name.encode(errors="backslashreplace").decode()
        raise SteleError(Code.INVALID_ARGUMENT, f'a name is not UTF-8: "{shown}"') from None
    return name
