"""Tells what protobuf messages somebody else's modules define, as JSON on stdout.

    python descriptors.py MODULE …

Runs in that package's environment, where nothing of stele is.
"""

from __future__ import annotations

import importlib
import json
import sys
from collections.abc import Iterator
from typing import Any

from google.protobuf.descriptor import Descriptor, FieldDescriptor


def fields(message: Descriptor) -> dict[str, dict[str, Any]]:
    """Return what a message's fields are on the wire, by number, and their names."""
    return {str(field.number): _field(field) for field in message.fields}


def _field(field: FieldDescriptor) -> dict[str, Any]:
    kind = field.message_type or field.enum_type
    return {
        "name": field.name,
        "type": field.type,
        "repeated": field.is_repeated,
        "of": kind.full_name if kind else None,
        "oneof": field.containing_oneof.name if field.containing_oneof else None,
    }


def messages(nested: dict[str, Descriptor]) -> Iterator[Descriptor]:
    """Yield messages and all that are declared inside of them."""
    for message in nested.values():
        yield message
        yield from messages(message.nested_types_by_name)


def services(descriptor: Any) -> dict[str, dict[str, list[str]]]:
    """Return the RPCs of a file's services: request and response."""
    return {
        service.full_name: {
            method.name: [method.input_type.full_name, method.output_type.full_name]
            for method in service.methods
        }
        for service in descriptor.services_by_name.values()
    }


def describe(files: list[Any]) -> dict[str, Any]:
    """Return all messages and services of some files."""
    return {
        "messages": {
            message.full_name: fields(message)
            for file in files
            for message in messages(file.message_types_by_name)
        },
        "services": {name: rpcs for file in files for name, rpcs in services(file).items()},
    }


if __name__ == "__main__":
    print(json.dumps(describe([importlib.import_module(name).DESCRIPTOR for name in sys.argv[1:]])))
