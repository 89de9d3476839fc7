"""Build hook: generates the protobuf modules from ``proto/`` with protoc.

Generated code is never committed; an editable install and a wheel both get it
from here.

Messages of our own packages become modules. Those of the two services have names
that other packages have too (tritonclient, tensorflow-serving-api): they become a
descriptor set, which `stele.wire.messages` loads into a pool of its own.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

MODULES = ("saved_model.proto", "graph.proto")
SERVICES = ("open_inference.proto", "tensorflow_serving.proto")


class ProtoHook(BuildHookInterface):  # type: ignore[type-arg]
    """Runs protoc before the files are collected."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002
        """Write ``src/stele/_proto``: modules, their stubs, and the descriptor set."""
        import grpc_tools
        from grpc_tools import protoc

        source = Path(self.root).parent / "proto"
        target = Path(self.root) / "src" / "stele" / "_proto"
        target.mkdir(exist_ok=True)
        (target / "__init__.py").write_text('"""Generated from proto/ by protoc."""\n')
        include = Path(grpc_tools.__file__).parent / "_proto"
        common = ["protoc", f"--proto_path={source}", f"--proto_path={include}"]
        for arguments in (
            [f"--python_out={target}", f"--pyi_out={target}", *MODULES],
            [f"--descriptor_set_out={target / 'services.binpb'}", "--include_imports", *SERVICES],
        ):
            if protoc.main(common + arguments) != 0:
                raise RuntimeError(f"protoc failed on {source}")
