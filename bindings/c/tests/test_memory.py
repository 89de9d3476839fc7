"""The memory of a worker is flat; what it answers is for tests/conformance."""

from pathlib import Path

import numpy as np

from stele.contract.bundle import write_bundle
from stele.parity.process import WorkerProcess


def test_memory_is_flat(out, models, tmp_path):
    """The resident set after 10,000 runs, over that after 2,000; no sanitizers here."""
    array = np.empty(50, object)
    array[:] = [b"x" * 1000] * 50
    write_bundle(tmp_path / "in", {"x": array})

    with WorkerProcess([str(out / "worker")], tmp_path / "log") as worker:

        def resident():
            statm = Path(f"/proc/{worker.pid}/statm").read_text()
            return int(statm.split()[1]) * 4096

        def ok(verb, *arguments):
            assert worker.request(verb, *map(str, arguments), timeout=300).status == "ok"

        def bench(runs):
            folders = (tmp_path / "in", tmp_path / "out")
            ok("bench", "same_BYTES", *folders, 0, runs, tmp_path / "samples")

        ok("load", models / "dtypes", "serve", "inline")
        bench(2_000)
        before = resident()
        bench(10_000)
        assert resident() - before < 2**20  # inputs are 50 kB a run
        worker.bye()
