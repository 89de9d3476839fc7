"""``stele new-binding``: begin a binding in another language."""

from __future__ import annotations

import argparse
import re
import shlex
from pathlib import Path

from stele import paths
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


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command's options."""
    parser = subparsers.add_parser(
        "new-binding",
        help="begin a binding in another language",
        description="Writes a folder with a binding.toml, a README and a worker of protocol level "
        "1 to grow from.",
    )
    parser.add_argument("id", help="lower-case letters, digits and dashes, such as ruby-ffi")
    parser.add_argument(
        "--in", type=Path, dest="root", metavar="DIR", help="begin it in this folder, which may be "
        "outside of the checkout (default: that of STELE_BINDINGS, else bindings/)",
    )  # fmt: skip
    parser.set_defaults(run=run, usage=parser)


def run(args: argparse.Namespace) -> int:
    """Carry the command out and return its exit status."""
    name: str = args.id
    if not re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", name):
        args.usage.error(f'"{name}" is no id: lower-case letters, digits and dashes')
    # The last root is where STELE_BINDINGS keeps what is not in the checkout.
    root = (args.root or paths.bindings_roots()[-1]).resolve()
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
    # Only what is found without being told needs no variable.
    variable = "" if root in paths.bindings_roots() else f"STELE_BINDINGS={shlex.quote(str(root))} "
    print(f"{folder} is begun; next: {variable}stele check --binding {name} --level 1")
    return 0
