"""Three questions, and what follows from the figures."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from stele.bench.statistics import Estimate
from stele.bench.table import Figures, cold, duration, factor, seconds
from stele.parity.binding import Binding
from stele.report.features import language, place
from stele.report.runs import Run
from stele.report.tables import Cell, Table

ANY = "any"
PLACES = ("embedded", "server", "converted")
# Memory and sizes that are as near as this are the same to whoever chooses.
_AS_GOOD = 1.05


@dataclass(frozen=True)
class Candidate:
    """A binding that answered rightly and was measured, with the default profile."""

    binding: Binding
    place: str
    figures: Figures
    parity: Mapping[str, Any]

    @property
    def language(self) -> str:
        """Without its version."""
        return language(self.binding)


def _call(one: Candidate) -> Estimate:
    return one.figures.call


def _cold(one: Candidate) -> Estimate | None:
    return cold(one.figures.startup) if one.figures.startup else None


def _size(bytes_: int | None) -> Estimate | None:
    return Estimate(bytes_, bytes_ / _AS_GOOD, bytes_ * _AS_GOOD) if bytes_ else None


def _memory(one: Candidate) -> Estimate | None:
    return _size(one.figures.startup.peak_bytes if one.figures.startup else None)


def _disk(one: Candidate) -> Estimate | None:
    return _size(one.figures.startup.disk_bytes if one.figures.startup else None)


def _mebibytes(size: Estimate) -> str:
    return f"{size.value / 2**20:.0f} MiB"


Measure = tuple[Callable[[Candidate], Estimate | None], Callable[[Estimate], str]]

MATTERS: dict[str, Measure] = {
    "time per call": (_call, duration),
    "time to the first answer": (_cold, seconds),
    "memory": (_memory, _mebibytes),
    "size on disk": (_disk, _mebibytes),
}


def candidates(
    runs: Sequence[Run],
    bindings: Mapping[str, Binding],
    measured: Sequence[Figures],
    parity: Mapping[str, Mapping[str, Any]],
) -> list[Candidate]:
    """Return who can be recommended: one case, the default profile, nothing red."""
    first = measured[0].benchmark if measured else None
    found = []
    for one in measured:
        name = one.benchmark.binding
        about = parity.get(name, {"identical": one.benchmark.identical, "ulp": 0, "red": False})
        fits = first is not None and (one.benchmark.model, one.benchmark.case) == (
            first.model,
            first.case,
        )
        if not fits or one.benchmark.profile != "default" or name not in bindings or about["red"]:
            continue
        where = place(bindings[name], runs)
        found.append(Candidate(bindings[name], where, one, about))
    return found


def best(found: Sequence[Candidate], matter: str) -> list[tuple[Candidate, str]]:
    """Return those that nobody surely beats, the least median first, with their figure."""
    measure, shown = MATTERS[matter]
    known = [(one, value) for one in found if (value := measure(one)) is not None]
    front = [
        (one, value)
        for one, value in known
        if not any(other.surely_below(value) for _, other in known)
    ]
    front.sort(key=lambda pair: pair[1].value)
    return [(one, shown(value)) for one, value in front]


def table(found: Sequence[Candidate]) -> Table:
    """Return who leads, by where the model runs and by what matters."""
    rows = []
    for where in PLACES:
        some = [one for one in found if one.place == where]
        if some:
            rows.append([Cell(where), *(Cell(_leaders(best(some, matter))) for matter in MATTERS)])
    lead = (
        "Who leads in any language. Several names are as good as each other: their intervals "
        "overlap (sizes within 5 %)."
    )
    return Table("Which binding?", lead, ("the model runs", *MATTERS), rows)


def _leaders(front: Sequence[tuple[Candidate, str]]) -> str:
    if not front:
        return "-"
    names = ", ".join(one.binding.id for one, _ in front)
    return f"{names}: {front[0][1]}"


def answers(found: Sequence[Candidate]) -> dict[str, str]:
    """Return the answer to every choice of language, place and matter, by ``a|b|c``."""
    languages = [ANY, *dict.fromkeys(one.language for one in found)]
    return {
        f"{spoken}|{where}|{matter}": _answer(
            [one for one in found if spoken in (ANY, one.language) and where in (ANY, one.place)],
            matter,
        )
        for spoken in languages
        for where in (ANY, *PLACES)
        for matter in MATTERS
    }


def _answer(some: Sequence[Candidate], matter: str) -> str:
    front = best(some, matter)
    if not front:
        return "Nothing was measured here that fits. Another place or language may do."
    leader, figure = front[0]
    text = f"{leader.binding.id} ({leader.binding.summary}): {figure}."
    if others := [one.binding.id for one, _ in front[1:]]:
        text += f" As good: {', '.join(others)}."
    return f"{text} {_bits(leader)}"


def _bits(one: Candidate) -> str:
    if one.parity["identical"]:
        return "Its bits are TensorFlow's in Python."
    return f"Its answers are up to {one.parity['ulp']} ULP from TensorFlow's in Python."


def advice(found: Sequence[Candidate]) -> list[str]:
    """Say where something else than calling TensorFlow from the language is the answer."""
    lines = []
    embedded = best([one for one in found if one.place == "embedded"], "time per call")
    converted = best([one for one in found if one.place == "converted"], "time per call")
    if embedded and converted:
        ours, theirs = embedded[0][0], converted[0][0]
        if theirs.figures.call.surely_below(ours.figures.call) and theirs.figures.over is not None:
            lines.append(
                f"A converted model is faster here: {theirs.binding.id}, "
                f"{factor(theirs.figures.over)} C's call. {_bits(theirs)} Where that is near "
                "enough and every op converts, no TensorFlow is needed at all."
            )
        else:
            lines.append(
                f"On this model no converted one is surely faster than {ours.binding.id}; larger "
                "models may be another matter: stele bench MODEL measures yours."
            )
    lines.append(
        "In Python, where TensorFlow is imported anyway, its own signatures are the reference: "
        "python-tf. Training, tf.data, GPUs across machines and TPUs are TensorFlow's own ground."
    )
    return lines
