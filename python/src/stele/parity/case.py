"""Cases: a model, a signature, and one set of input tensors on disk."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from functools import cached_property
from pathlib import Path

from stele import paths, savedmodel
from stele.contract import npz
from stele.contract.bundle import write_bundle
from stele.contract.codes import Code, SteleError
from stele.contract.dtypes import Array
from stele.contract.signature import DEFAULT_SIGNATURE, DEFAULT_TAGS, find_signature
from stele.parity import expected, generate
from stele.parity.expected import Expected
from stele.parity.generate import USUAL, Sizes
from stele.parity.refusals import Refusal


@dataclass(frozen=True)
class Target:
    """A model to check: one of the zoo, or any SavedModel folder.

    Attributes:
        name: For tables; the folder's name when it is not of the zoo.
        folder: The SavedModel.
        tags: Of the MetaGraphDef to load.
        zoo: Whether it is a zoo model, with cases from real data.
        heavy: Whether it is one that is tried on less, as `stele.zoo.Entry` has it.
    """

    name: str
    folder: Path
    tags: tuple[str, ...] = DEFAULT_TAGS
    zoo: bool = False
    heavy: bool = False


@dataclass(frozen=True)
class Case:
    """One run: a signature and an input bundle.

    Attributes:
        name: Unique in its target: ``<signature>/<variant>``, or the name of a
            real-data case.
        signature: To run.
        inputs: The bundle's folder.
        refusal: The error that every binding must answer with; None when the
            reference decides.
        generated: Whether the inputs were made up: nobody waits long for their answer.
        withheld: Why there are no inputs, and it is not run; empty when there are.
    """

    name: str
    signature: str
    inputs: Path
    refusal: Refusal | None = None
    generated: bool = False
    withheld: str = ""


@dataclass(frozen=True)
class Unreadable:
    """A model that cannot be checked, and why."""

    name: str
    error: SteleError


def resolve(
    names: Sequence[str],
    tags: Collection[str] | None = None,
    place: Callable[[str, Path], Path] = lambda _shown, folder: folder,
) -> list[Target | Unreadable]:
    """Return the targets named: zoo models, SavedModel folders, or all of the zoo.

    A folder is called by its name, and two of one name by as much of their paths as
    sets them apart. What is wrong with one model is kept from the others.

    Args:
        names: Of zoo models, or paths; none for the zoo.
        tags: Of the MetaGraphDef; None for ``serve``, or the only ones there are.
        place: Called with the name and the path of what is no zoo model; returns the
            SavedModel folder to take for it.

    Raises:
        SteleError: INVALID_ARGUMENT when one model is named twice.
    """
    from stele import zoo

    wanted = [str(paths.of_model(name)) for name in names] or list(zoo.DEFAULT)
    trained = [n in zoo.REGISTRY and not Path(n, "saved_model.pb").exists() for n in wanted]
    folders = [Path(n).resolve() for n, of_zoo in zip(wanted, trained, strict=True) if not of_zoo]
    called = iter(_names(folders))
    targets: list[Target | Unreadable] = []
    for name, of_zoo in zip(wanted, trained, strict=True):
        shown = name if of_zoo else next(called)
        try:
            if of_zoo:
                targets.append(_zoo_target(name, tags))
            else:
                folder = place(shown, Path(name).resolve())
                targets.append(Target(shown, folder, _choose_tags(folder, tags)))
        except SteleError as error:
            targets.append(Unreadable(shown, error))
    shown_twice = [t.name for t in targets if [u.name for u in targets].count(t.name) > 1]
    if shown_twice:
        raise SteleError(
            Code.INVALID_ARGUMENT, f"one model is named twice: {', '.join(shown_twice)}"
        )
    return targets


def find(name: str, tags: Collection[str] | None = None) -> Target:
    """Return the one target of this name.

    Raises:
        SteleError: NOT_FOUND for a name that is neither zoo model nor folder;
            FAILED_PRECONDITION for a zoo model that is not trained yet, or a folder
            with several sets of tags when none was chosen.
    """
    (target,) = resolve([name], tags)
    if isinstance(target, Unreadable):
        raise target.error
    return target


def _names(folders: Sequence[Path]) -> list[str]:
    """Name folders by the end of their paths, as short as sets them apart."""
    names = []
    for folder in folders:
        others = [other for other in folders if other != folder]
        parts = 1
        while parts < len(folder.parts) and any(
            other.parts[-parts:] == folder.parts[-parts:] for other in others
        ):
            parts += 1
        names.append("/".join(folder.parts[-parts:]))
    return names


def _zoo_target(name: str, tags: Collection[str] | None) -> Target:
    folder = paths.models_dir() / name / "saved_model"
    if not folder.exists():
        raise SteleError(
            Code.FAILED_PRECONDITION, f'zoo model "{name}" is not trained; run: stele train {name}'
        )
    chosen = DEFAULT_TAGS if tags is None else _choose_tags(folder, tags)
    from stele import zoo

    return Target(name, folder, chosen, zoo=True, heavy=zoo.find(name).heavy)


def _choose_tags(folder: Path, tags: Collection[str] | None) -> tuple[str, ...]:
    """Take the tags asked for, else ``serve``, else the only ones there are."""
    try:
        model = savedmodel.read(folder)
    except SteleError as error:
        from stele import zoo

        if error.code is Code.NOT_FOUND and not folder.exists():
            raise SteleError(
                Code.NOT_FOUND,
                f'"{folder.name}" is neither a zoo model ({", ".join(zoo.REGISTRY)}) nor a folder',
            ) from error
        raise
    tag_sets = [tuple(sorted(graph.meta_info_def.tags)) for graph in model.meta_graphs]
    wanted = tuple(sorted(tags)) if tags is not None else DEFAULT_TAGS
    if wanted not in tag_sets:
        if tags is None and len(tag_sets) == 1:
            return tag_sets[0]
        savedmodel.select(folder, model, wanted)
    return wanted


def collect(
    target: Target,
    folder: Path,
    *,
    signature: str | None = None,
    inputs: Path | None = None,
    patterns: Iterable[str] = (),
) -> list[Case]:
    """Write a target's input bundles below ``folder`` and return its cases.

    Args:
        target: The model.
        folder: Where generated bundles go; its old content is replaced.
        signature: Only this one.
        inputs: An ``.npz`` file with an array for each input: the only case.
        patterns: Only cases whose name matches one of these (``*`` and ``?``).

    Raises:
        SteleError: NOT_FOUND for an unknown signature, INVALID_ARGUMENT for an
            unreadable ``.npz`` file; NOT_FOUND when there is none.
    """
    made = MadeUp(target, folder)
    signatures = made.signatures
    if signature is not None:
        find_signature(signatures, signature)
    if not signatures:
        raise SteleError(Code.NOT_FOUND, f'"{target.name}": there is no signature to call')
    shutil.rmtree(folder, ignore_errors=True)
    wanted = [name for name in signatures if signature in (None, name)]
    if inputs is not None:
        return [_npz_case(wanted, inputs, folder)]
    # The other signatures of a zoo model run the same graph.
    tried = [DEFAULT_SIGNATURE] if target.heavy and signature is None else wanted
    cases = [*_stored(target), *(case for name in tried for case in made.cases(name))]
    patterns = tuple(patterns)
    return [
        case
        for case in cases
        if case.signature in wanted
        and (not patterns or any(fnmatchcase(case.name, pattern) for pattern in patterns))
    ]


def _stored(target: Target) -> list[Case]:
    """Return the real-data cases that training left beside a zoo model."""
    if not target.zoo:
        return []
    folders = sorted((target.folder.parent / "cases").glob("*/case.json"))
    return [
        Case(file.parent.name, json.loads(file.read_text())["signature"], file.parent)
        for file in folders
    ]


class MadeUp:
    """Cases with inputs made up from a signature, and from what the graph does with them.

    Args:
        target: The model.
        folder: Where the bundles go, numbered.

    Attributes:
        signatures: Of the model, by name.

    Raises:
        SteleError: As `savedmodel.load`.
    """

    def __init__(self, target: Target, folder: Path) -> None:
        self._target = target
        self._folder = folder
        self._count = 0
        self._meta_graph = savedmodel.load(target.folder, target.tags)
        self.signatures = savedmodel.signatures(self._meta_graph)

    @cached_property
    def _expected(self) -> dict[str, dict[str, Expected]]:
        return expected.of_meta_graph(self._meta_graph)

    def cases(self, name: str, sizes: Sizes = USUAL) -> Iterator[Case]:
        """Yield the cases of a signature, each with its bundle written.

        Args:
            name: The signature's.
            sizes: What to put where it leaves a size open.
        """
        try:
            signature = find_signature(self.signatures, name)
        except SteleError as error:
            # It has no form in the protocol: every binding must say so.
            yield Case(f"{name}/refused", name, self._bundle({}), Refusal(error.code))
            return
        try:
            made = generate.variants(
                self._target.name,
                signature,
                self._expected.get(name),
                # A zoo model has cases of real images.
                pixels=not self._target.zoo,
                sizes=replace(sizes, rows=1) if self._target.heavy else sizes,
            )
            for variant, tensors in made:
                yield Case(f"{name}/{variant}", name, self._bundle(tensors), generated=True)
        except SteleError as error:
            if error.code != Code.RESOURCE_EXHAUSTED:
                raise
            yield Case(f"{name}/refused", name, self._bundle({}), withheld=str(error))

    def _bundle(self, tensors: Mapping[str, Array]) -> Path:
        path = self._folder / str(self._count)
        self._count += 1
        write_bundle(path, tensors)
        return path


def _npz_case(wanted: list[str], file: Path, folder: Path) -> Case:
    name = DEFAULT_SIGNATURE
    if name not in wanted:
        if len(wanted) != 1:
            raise SteleError(
                Code.INVALID_ARGUMENT, f"say which --signature: {', '.join(wanted) or 'none'}"
            )
        name = wanted[0]
    write_bundle(folder, npz.read(file))
    return Case(file.name, name, folder)
