"""Clients that each send the next call when they have the answer to the last one.

    python closed_loop.py ADDRESS CLIENTS SECONDS < REQUEST

Reads the bytes of one ModelInfer from stdin; prints, as JSON, how many calls were
answered and in how many seconds.
"""

from __future__ import annotations

import json
import sys
import threading
import time

import grpc
from wire import caller

from stele.wire import messages

address, clients, seconds = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
request = sys.stdin.buffer.read()
counts = [0] * clients
end = time.monotonic() + seconds


def run(index: int, channel: grpc.Channel) -> None:
    """Call until the time is over."""
    infer = caller(channel, messages.OPEN_INFERENCE, "ModelInfer")
    while time.monotonic() < end:
        infer(request)
        counts[index] += 1


# One channel for all is one connection, as in a client with many threads.
with grpc.insecure_channel(address) as shared:
    start = time.monotonic()
    threads = [threading.Thread(target=run, args=(index, shared)) for index in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print(json.dumps({"calls": sum(counts), "seconds": time.monotonic() - start}))
