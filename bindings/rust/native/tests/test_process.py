"""What needs a process of its own: imports, the search for the library, memory."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

PRELUDE = """
import sys
import numpy as np
from stele_native import Model, NotFoundError, tensorflow_version
def model():
    return Model(sys.argv[1], profile="inline")
def bits(model):
    return model(image=np.ones((1, 8, 8, 1), np.float32))["probabilities"].tobytes()
"""


def run(folder: Path, program: str, **variables: str | None) -> str:
    """Run a program in a fresh interpreter and return what it prints."""
    environment = os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3"} | variables
    environment = {name: value for name, value in environment.items() if value is not None}
    done = subprocess.run(
        [sys.executable, "-c", PRELUDE + program, str(folder)],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_tensorflow_is_never_imported(digits_dir: Path) -> None:
    program = """
class Refuse:
    def find_spec(self, name, path=None, target=None):
        assert "." not in name or not name.startswith("tensorflow."), name
sys.meta_path.insert(0, Refuse())
bits(model())
print([name for name in sys.modules if name.split(".")[0] in ("tensorflow", "keras")])
"""
    assert run(digits_dir, program, STELE_LIBTENSORFLOW=None) == "[]\n"


def test_beside_tensorflow_there_is_one_library(digits_dir: Path) -> None:
    program = """
ours = model()
before = bits(ours)
import tensorflow as tf
theirs = tf.saved_model.load(sys.argv[1]).signatures["serving_default"]
theirs = theirs(image=tf.ones((1, 8, 8, 1)))["probabilities"].numpy().tobytes()
maps = open("/proc/self/maps").read().splitlines()
files = {line.split()[-1] for line in maps if "libtensorflow_cc" in line}
print(len(files), theirs == before == bits(ours) == bits(model()))
"""
    assert run(digits_dir, program) == "1 True\n"


HOST = """
#include <stdlib.h>
/* TensorFlow calls its own function of this name while it is loaded. */
void TF_NewKernelBuilder(void) { _Exit(42); }
void LLVMContextCreate(void) {}
"""


def test_in_a_process_that_shows_its_llvm(digits_dir: Path, tmp_path: Path) -> None:
    """As Julia does: TensorFlow's own functions come before those of the process."""
    source, library = tmp_path / "host.c", tmp_path / "libhost.so"
    source.write_text(HOST)
    subprocess.run(["cc", "-shared", "-fPIC", source, "-o", library], check=True)
    program = f"""
import ctypes
ctypes.CDLL({str(library)!r}, ctypes.RTLD_GLOBAL)
print(len(bits(model())))
"""
    assert run(digits_dir, program) == "40\n"


def test_after_tensorflow_too(digits_dir: Path) -> None:
    program = """
import tensorflow as tf
print(bits(model()) == bits(model()), tensorflow_version() == tf.__version__)
"""
    assert run(digits_dir, program, STELE_LIBTENSORFLOW=None) == "True True\n"


def test_a_wrong_folder_is_explained(digits_dir: Path, tmp_path: Path) -> None:
    program = """
try:
    model()
except NotFoundError as error:
    print(error)
"""
    printed = run(digits_dir, program, STELE_LIBTENSORFLOW=str(tmp_path))
    for part in ("NOT_FOUND", str(tmp_path), "libtensorflow_cc", "pip install"):
        assert part in printed


def test_the_interpreter_is_free_during_a_run(own: Path) -> None:
    # One call waits inside TensorFlow for what another puts there. Were the lock
    # held, the other could not be made, and the time below would run out.
    program = """
import threading
model = model()
taken = []
thread = threading.Thread(target=lambda: taken.append(model.run({}, "take")["x"]))
thread.start()
model.run({"x": np.float32(7)}, "put")
thread.join()
waiting = threading.Thread(target=lambda: taken.append(model.run({}, "take")["x"]))
waiting.start()
waiting.join(0.5)
assert waiting.is_alive()
model.run({"x": np.float32(8)}, "put")
waiting.join()
print(*map(float, taken))
"""
    assert run(own / "queue", program) == "7.0 8.0\n"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="nobody forks here")
@pytest.mark.parametrize("profile", ["default", "inline", "single"])
def test_a_forked_child_is_refused_at_once(digits_dir: Path, profile: str) -> None:
    program = f"""
import os
from stele_native import SteleError
loaded = Model(sys.argv[1], profile={profile!r})
runner = loaded.prepare()
expected = bits(loaded)
def refused(call):
    try:
        call()
    except SteleError as error:
        return error.code_name == "FAILED_PRECONDITION" and "with spawn" in str(error)
    return False
child = os.fork()
if not child:
    image = np.ones((1, 8, 8, 1), np.float32)
    calls = [lambda: loaded(image=image), lambda: runner(image=image), model]
    answers = [refused(call) for call in calls]
    loaded.close()
    del loaded, runner
    sys.exit(0 if all(answers) else 1)  # The whole end of an interpreter.
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), bits(loaded) == expected)
"""
    assert run(digits_dir, program) == "0 True\n"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="nobody forks here")
def test_multiprocessing_forks_before_or_spawns(digits_dir: Path, tmp_path: Path) -> None:
    script = tmp_path / "pools.py"
    script.write_text("""
import multiprocessing, sys
import numpy as np
from stele_native import Model
def bits(path):
    return Model(path)(image=np.ones((1, 8, 8, 1), np.float32))["probabilities"].tobytes()
def answer(path):
    try:
        return bits(path)
    except Exception as error:
        return error.code_name
if __name__ == "__main__":
    path = sys.argv[1]
    with multiprocessing.get_context("fork").Pool(2) as early:
        before = early.map(answer, [path] * 2)
        expected = bits(path)
        print(before == [expected] * 2)
        for method in ("fork", "spawn"):
            with multiprocessing.get_context(method).Pool(2) as late:
                print(method, *({expected: "answers"}.get(given, given) for given in
                                late.map(answer, [path] * 2)))
""")
    done = subprocess.run(
        [sys.executable, script, digits_dir],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    refused = "FAILED_PRECONDITION"
    assert done.stdout == f"True\nfork {refused} {refused}\nspawn answers answers\n"


def test_the_end_waits_for_a_run_in_a_daemon_thread(own: Path) -> None:
    program = """
import threading, time
queue = model()
def later():
    time.sleep(1)
    queue.run({"x": np.float32(7)}, "put")
threading.Thread(target=lambda: queue.run({}, "take"), daemon=True).start()
threading.Thread(target=later, daemon=True).start()
time.sleep(0.3)
print(time.monotonic())
"""
    ending = float(run(own / "queue", program))
    assert 0.3 < time.monotonic() - ending < 8


def test_the_end_does_not_wait_for_ever(own: Path) -> None:
    program = """
import threading, time
queue = model()
def loop():
    while True:
        queue.run({"x": np.float32(1)}, "put")
        queue.run({}, "take")
for _ in range(4):
    threading.Thread(target=loop, daemon=True).start()
time.sleep(0.2)
print("ending")
"""
    for _ in range(3):
        assert run(own / "queue", program) == "ending\n"


def test_an_interrupt_comes_when_the_run_ends(own: Path) -> None:
    program = """
import os, signal, threading, time
signal.signal(signal.SIGINT, signal.default_int_handler)  # who started this may ignore it
queue = model()
def later():
    time.sleep(0.3)
    os.kill(os.getpid(), signal.SIGINT)
    time.sleep(0.3)
    queue.run({"x": np.float32(7)}, "put")
thread = threading.Thread(target=later)
thread.start()
begun = time.monotonic()
try:
    queue.run({}, "take")
except KeyboardInterrupt:
    print("interrupted", time.monotonic() - begun > 0.5)
thread.join()
"""
    assert run(own / "queue", program) == "interrupted True\n"


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_nothing_is_left_behind(digits_dir: Path, own: Path) -> None:
    program = f"""
def resident():
    return int(open("/proc/self/statm").read().split()[1]) * 4096
def growth(count, repeat):
    for _ in range(count // 2):
        repeat()
    before = resident()
    for _ in range(count // 2):
        repeat()
    return resident() - before
m = model()
images = np.ones((16, 8, 8, 1), np.float32)
def call():
    m(image=images)
    try:
        m(image=images[0])
    except ValueError:
        pass
state = Model({str(own / "state")!r})
text = np.array([b"x" * 100] * 64, object)
def echo():
    state.run({{"x": images.reshape(-1)}}, "echo")
    state.run({{"x": text}}, "echo_strings")
def load():
    with model() as m:
        m(image=images)
print(growth(10_000, call), growth(10_000, echo), growth(60, load))
"""
    calls, echoes, loads = map(int, run(digits_dir, program).split())
    # One input of 4 KiB left by each of 5,000 calls would be 20 MiB.
    assert calls < 4 << 20
    assert echoes < 4 << 20
    assert loads < 10 << 20
