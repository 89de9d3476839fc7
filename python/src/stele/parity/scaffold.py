"""Begins a binding in another language: a folder with a worker of protocol level 1."""

from __future__ import annotations

from pathlib import Path

from stele.contract.codes import Code, SteleError, from_os_error
from stele.parity.binding import discover

_BINDING = """\
[[binding]]
id = "{id}"
language = "TODO: language and version"
summary = "TODO: one line for tables"
level = 1
run = ["{{folder}}/worker"]
# build = ["make", "-C", "{{folder}}", "build", "BUILD={{build}}"]
# example = ["{{folder}}/examples/digits", "{{model}}"]
# code = "{{folder}}/examples/digits.x"
# needs = ["c"]  # if it stands on libstele
upstream = "TODO: whose API it stands on"
licence = "Apache-2.0"

# TODO: a table for each thing that has to be installed.
[[tool]]
name = "sh"
command = ["sh", "-c", "true"]
apt = "dash"
"""

# A worker of level 1 in the smallest common language, to be replaced: it shows
# that the line format needs nothing but a loop and a switch.
_WORKER = """\
#!/bin/sh
# Worker of binding {id}: protocol level 1. bindings/contract/PROTOCOL.md has the rest.
tab=$(printf '\\t')
reply() {{ printf '\\n@stele1\\t%s\\t%s\\n' "$id" "$1"; }}
while IFS= read -r line; do
  [ -n "$line" ] || continue
  id=${{line%%"$tab"*}}
  rest=${{line#*"$tab"}}
  verb=${{rest%%"$tab"*}}
  case $verb in
    hello)
      if [ "$rest" = hello ]; then
        reply "error${{tab}}INVALID_ARGUMENT${{tab}}hello takes 1 argument, 0 given"
      else
        about="protocol=1${{tab}}binding={id}${{tab}}language=sh${{tab}}tensorflow="
        reply "ok${{tab}}$about${{tab}}verbs=hello,bye${{tab}}dtypes="
      fi ;;
    bye) reply ok; exit 0 ;;
    *) reply "unsupported${{tab}}verb $verb" ;;
  esac
done
"""

_README = """\
# {id}

TODO: a complete program that loads a SavedModel, runs it and prints, and its output.

## Status

`stele check --binding {id} --level` climbs the conformance levels of stele's protocol,
`bindings/contract/PROTOCOL.md`; `bindings/README.md` says what belongs here.
"""


def begin(name: str, root: Path) -> Path:
    """Write the folder of a new binding.

    Args:
        name: The binding's id.
        root: A folder of bindings, made if it is not there.

    Returns:
        The folder ``root/name``.

    Raises:
        SteleError: ALREADY_EXISTS when there is such a binding or folder; the system's
            code when the folder cannot be written.
    """
    folder = root / name
    if folder.exists() or name in discover():
        raise SteleError(Code.ALREADY_EXISTS, f'there is a binding "{name}" already')
    try:
        folder.mkdir(parents=True)
        (folder / "binding.toml").write_text(_BINDING.format(id=name))
        (folder / "README.md").write_text(_README.format(id=name))
        worker = folder / "worker"
        worker.write_text(_WORKER.format(id=name))
        worker.chmod(0o755)
    except OSError as error:
        raise from_os_error(error) from error
    return folder
