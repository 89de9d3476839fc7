"""The site of the documentation, `make docs`: the repository's Markdown files as they stand."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from pygments.lexers.rust import RustLexer
from sphinx.application import Sphinx

project = "stele"
author = "The stele authors"
extensions = ["myst_parser"]
html_theme = "furo"
html_title = "stele"
html_copy_source = False

# The folder of the sources is the repository.
source_suffix = {".md": "markdown"}
root_doc = "README"
include_patterns = ["*.md", "**/*.md"]
exclude_patterns = ["build", ".*", "**/node_modules", "**/target"]

# As deep as links into pages go; their names are those that other viewers of Markdown make.
myst_heading_anchors = 4

CONTENTS = """
```{toctree}
:hidden:
:caption: Using it

docs/index
docs/guide/README
docs/comparison
docs/serving
docs/deploy
docs/interop
docs/security
```

```{toctree}
:hidden:
:glob:
:caption: Languages

bindings/c/README
bindings/c[!o]*/README
bindings/[!c]*/README
bindings/*/[!g]*/README
python/README
```

```{toctree}
:hidden:
:glob:
:caption: Working on it

CONTRIBUTING
bindings/README
docs/add-a-language
docs/concepts
docs/one-tensor
docs/findings
docs/zoo
bindings/contract/README
bindings/contract/PROTOCOL
bindings/contract/golden/README
CHANGELOG
```
"""

GUIDE = """
```{toctree}
:hidden:
:glob:

*
```
"""

LINK = re.compile(r"\[([^\[\]]+)\]\(([\w./-]+)\)")


def _adapted(app: Sphinx, page: str, source: list[str]) -> None:
    """Add what other viewers have beside a page, and lead from a folder to its README."""
    here = (app.srcdir / page).parent

    def page_of(link: re.Match[str]) -> str:
        text, target = link.groups()
        if not (here / target).is_dir():
            return link[0]
        readme = Path(target) / "README.md"
        return f"[{text}]({readme})" if (here / readme).exists() else text

    source[0] = LINK.sub(page_of, source[0]) + {root_doc: CONTENTS, "docs/guide/README": GUIDE}.get(
        page, ""
    )


def setup(app: Sphinx) -> dict[str, Any]:
    """Connect what is done to a page before it is read."""
    app.connect("source-read", _adapted)
    # What rustdoc makes of a block is no matter here.
    for name in ("rust,no_run", "rust,ignore"):
        app.add_lexer(name, RustLexer)
    return {"parallel_read_safe": True}
