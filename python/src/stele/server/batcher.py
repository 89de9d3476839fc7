"""Runs calls that wait at the same time as one batch, without ever waiting for one.

Calls of one signature, whose inputs have the same dtypes and the same shapes but
for the first dimension, gather while they wait for a turn. The first of them leads:
it waits for the turn, takes all that have gathered by then, runs them as one, and
deals the rows of the outputs out again.
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable, Sequence

import numpy as np

from stele.contract.bundle import Tensors
from stele.contract.codes import SteleError
from stele.contract.dtypes import Array
from stele.server.admission import Admission
from stele.server.call import Call, Detached, check, patience
from stele.server.version import Prepared

_LOG = logging.getLogger("stele.server")

_Outputs = dict[str, Array]

# What calls must share: the signature, and each input's name, dtype and shape of a row.
_Key = tuple[Prepared, tuple[tuple[str, np.dtype[np.generic], tuple[int, ...]], ...]]


class _Member:
    """A call in a group, and later in a batch."""

    def __init__(self, inputs: Tensors, rows: int, call: Call) -> None:
        self.inputs = dict(inputs)
        self.rows = rows
        self.call = call
        self.leads = False
        self.outcome: _Outputs | BaseException | None = None
        # Set when it is to lead, when it has an outcome, and when its client leaves.
        self.wake = threading.Event()

    def finish(self, outcome: _Outputs | BaseException) -> None:
        """Give it an outcome, once."""
        self.outcome = outcome
        self.wake.set()

    def result(self) -> _Outputs:
        """Return the outcome, or raise it."""
        if isinstance(self.outcome, BaseException):
            raise self.outcome
        assert self.outcome is not None  # noqa: S101  (finished by the one who led)
        return self.outcome


class Batcher:
    """Batches of at most so many rows."""

    def __init__(
        self, admission: Admission, limit: int, observe: Callable[[int], None] | None = None
    ) -> None:
        """Batch calls.

        Args:
            admission: Gives each batch its turn.
            limit: Rows of a batch at most.
            observe: Told of each batch how many calls it has.
        """
        self._admission = admission
        self._limit = limit
        self._observe = observe
        # Calls that nobody has taken yet; the first of a group leads.
        self._groups: dict[_Key, deque[_Member]] = {}
        # Guards the groups, and who leads.
        self._lock = threading.Lock()

    def rows(self, prepared: Prepared, inputs: Tensors) -> int:
        """Return how many rows a call brings to a batch; 0 if it has to run alone."""
        if not prepared.batchable or len(inputs) < len(prepared.signature.inputs):
            return 0  # a default stands for an input: it has rows of its own
        # Inputs with different numbers of rows could not be dealt out again.
        counts = {len(array) for _, array in inputs}
        count = counts.pop() if len(counts) == 1 else 0
        return count if count < self._limit else 0

    def run(self, prepared: Prepared, inputs: Tensors, rows: int, call: Call) -> _Outputs:
        """Run a call, alone or with others.

        Args:
            prepared: The signature.
            inputs: Checked: they fit, and all have the same number of rows.
            rows: That number.
            call: Of the client.

        Raises:
            SteleError: DEADLINE_EXCEEDED or CANCELLED when the client stopped waiting;
                or what the model makes of this call's inputs.
        """
        member = _Member(inputs, rows, call)
        shapes = sorted((name, array.dtype, array.shape[1:]) for name, array in inputs)
        key: _Key = (prepared, tuple(shapes))
        with self._lock:
            group = self._groups.setdefault(key, deque())
            group.append(member)
            member.leads = len(group) == 1
        call.add_callback(member.wake.set)
        if not member.leads:
            self._follow(member, group)
        if member.leads:
            self._lead(key)
        return member.result()

    def _follow(self, member: _Member, group: deque[_Member]) -> None:
        """Wait until a member has its outcome, or is to lead.

        Raises:
            SteleError: Its client left before anybody took it.
        """
        seconds = patience(member.call)
        while True:
            member.wake.wait(seconds)
            with self._lock:
                # Before looking: what happens after the look sets it again.
                member.wake.clear()
                if member.leads or member.outcome is not None:
                    return
                if member not in group:
                    # In a batch that runs: its end is near, whatever the client does.
                    seconds = None
                    continue
                gone = _gone(member)
                if gone is not None:
                    group.remove(member)
                    raise gone
                seconds = patience(member.call)

    def _lead(self, key: _Key) -> None:
        """Run the batch that has gathered when our turn comes.

        Others count on it: the leader waits even if its own client has left.
        """
        with self._admission.turn(_DETACHED):
            batch = self._take(key)
            if self._observe is not None and batch:
                self._observe(len(batch))
            outputs = _together(key[0], batch) if len(batch) > 1 else None
            for index, member in enumerate(batch):
                member.finish(outputs[index] if outputs else _alone(key[0], member))

    def _take(self, key: _Key) -> list[_Member]:
        """Take what fits into one batch out of a group, and let the next one lead."""
        batch: list[_Member] = []
        rows = 0
        with self._lock:
            group = self._groups[key]
            while group and (not batch or rows + group[0].rows <= self._limit):
                member = group.popleft()
                gone = _gone(member)
                if gone is not None:
                    member.finish(gone)
                    continue
                batch.append(member)
                rows += member.rows
            if group:
                group[0].leads = True
                group[0].wake.set()
            else:
                del self._groups[key]
        return batch


_DETACHED = Detached()


def _gone(member: _Member) -> SteleError | None:
    """Return why nobody waits for a call any more; None while somebody does."""
    try:
        check(member.call)
    except SteleError as error:
        return error
    return None


def _together(prepared: Prepared, batch: Sequence[_Member]) -> list[_Outputs] | None:
    """Run a batch as one; return each member's outputs, None if that did not work."""
    inputs = [
        (name, np.concatenate([member.inputs[name] for member in batch]))
        for name in batch[0].inputs
    ]
    try:
        outputs = prepared.run(inputs)
    except BaseException as error:
        # One call's values may have caused it: each will have its own answer.
        _LOG.info("a batch of %d failed, and runs one by one: %s", len(batch), error)
        return None
    total = sum(member.rows for member in batch)
    if any(not array.ndim or len(array) != total for array in outputs.values()):
        _LOG.warning(
            'signature "%s" has outputs without a row for each row of its inputs: '
            "its calls run one by one from now on",
            prepared.signature.name,
        )
        prepared.batchable = False
        return None
    dealt = []
    start = 0
    for member in batch:
        end = start + member.rows
        dealt.append({name: array[start:end] for name, array in outputs.items()})
        start = end
    return dealt


def _alone(prepared: Prepared, member: _Member) -> _Outputs | BaseException:
    try:
        return prepared.run(list(member.inputs.items()))
    except BaseException as error:
        # The others of the batch still wait for theirs.
        return error
