"""The process that converts: a request on stdin, a line of JSON for each signature on stdout.

Whatever the converters print goes to stderr.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
from pathlib import Path

from stele.contract.codes import SteleError
from stele.convert.source import NotConvertibleError, Source


def main() -> None:
    """Carry out one request."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    request = json.load(sys.stdin)

    def tell(**values: object) -> None:
        print(json.dumps(values), file=answers, flush=True)

    converter = importlib.import_module(f"stele.convert.{request['module']}")
    out = Path(request["out"])
    try:
        source = Source(Path(request["model"]), request["tags"], request["batch"])
    except SteleError as error:
        tell(code=error.code.name, message=error.message)
        return
    for signature, name in request["names"].items():
        files, problem = [], ""
        try:
            files = converter.convert(source, signature, out, name)
        except NotConvertibleError as error:
            problem = str(error)
        tell(signature=signature, files=files, problem=problem)


if __name__ == "__main__":
    main()
