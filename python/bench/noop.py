"""A grpcio server that does nothing: what a call costs before any work.

    python noop.py BYTES THREADS

It answers every ModelInfer with so many bytes, from a pool of so many threads, and
ends with its stdin.
"""

from __future__ import annotations

import json
import sys
from concurrent.futures import ThreadPoolExecutor

import grpc

from stele.wire import messages

size, threads = map(int, sys.argv[1:])
ANSWER = bytes(size)
HANDLERS = {"ModelInfer": grpc.unary_unary_rpc_method_handler(lambda _data, _context: ANSWER)}

server = grpc.server(ThreadPoolExecutor(threads))
server.add_generic_rpc_handlers(
    (grpc.method_handlers_generic_handler(messages.OPEN_INFERENCE, HANDLERS),)
)
port = server.add_insecure_port("127.0.0.1:0")
server.start()
print(json.dumps({"address": f"127.0.0.1:{port}"}), flush=True)
sys.stdin.read()
server.stop(None).wait()
