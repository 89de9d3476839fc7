"""What running a signature does beside answering: read from the graph, not declared."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from stele import savedmodel
from stele.contract.signature import Signature
from stele.parity.case import Target
from stele.savedmodel.findings import RANDOM_OP
from stele.savedmodel.graph import Graph

_WRITES_VARIABLES = re.compile(
    r"(Resource|Sparse)?(Sparse)?Apply\w+|Assign\w*|(Resource)?Scatter(Nd)?(Add|Sub|Mul|Div|Min|Max"
    r"|Update)|ResourceStridedSliceAssign|StridedSliceAssign|CountUpTo|ResourceCountUpTo"
    r"|LookupTable(Insert|Import|Remove)(V2)?|(Tensor)?(Array|List)Push\w*Queue\w*|Stack(Push|Pop)V2"
)
_WRITES_FILES = re.compile(
    r"Save(V2|Slices)?|WriteFile|MergeV2Checkpoints|ShardedFilename\w*Save|WriteRawProtoSummary"
    r"|Write\w*Summary|CreateSummary\w*Writer|PrintV2File|DatasetToTFRecord|SaveDataset(V2)?"
)


@dataclass(frozen=True)
class Effects:
    """What a run of one signature does, as names of ops.

    Attributes:
        writes_variables: Variables and tables: later answers can depend on it.
        writes_files: On this machine.
        random: Random numbers: two answers can differ.
    """

    writes_variables: tuple[str, ...] = ()
    writes_files: tuple[str, ...] = ()
    random: tuple[str, ...] = ()


def of_signatures(target: Target) -> dict[str, Effects]:
    """Return the effects of each signature of a model; of none when its graph is unreadable."""
    meta_graph = savedmodel.select(target.folder, savedmodel.read(target.folder), target.tags)
    try:
        graph = Graph(meta_graph.graph_def)
    except ValueError:
        return {}  # TensorFlow will say so
    found = savedmodel.signatures(meta_graph)
    return {name: _of(signature, graph) for name, signature in found.items()}


def _of(signature: Signature, graph: Graph) -> Effects:
    inputs = [spec.ref for spec in signature.inputs if spec.ref]
    outputs = [spec.ref for spec in signature.outputs if spec.ref]
    ops = {node.op for node in graph.run_by(outputs, inputs)}

    def those(pattern: re.Pattern[str], among: Iterable[str] = ops) -> tuple[str, ...]:
        return tuple(sorted(op for op in among if pattern.fullmatch(op)))

    return Effects(those(_WRITES_VARIABLES), those(_WRITES_FILES), those(RANDOM_OP))
