"""What running a signature does beside answering: read from the graph, not declared."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from stele._proto import graph_pb2 as pb

_WRITES_VARIABLES = re.compile(
    r"(Resource|Sparse)?(Sparse)?Apply\w+|Assign\w*|(Resource)?Scatter(Nd)?(Add|Sub|Mul|Div|Min|Max"
    r"|Update)|ResourceStridedSliceAssign|StridedSliceAssign|CountUpTo|ResourceCountUpTo"
    r"|LookupTable(Insert|Import|Remove)(V2)?|(Tensor)?(Array|List)Push\w*Queue\w*|Stack(Push|Pop)V2"
)
_WRITES_FILES = re.compile(
    r"Save(V2|Slices)?|WriteFile|MergeV2Checkpoints|ShardedFilename\w*Save|WriteRawProtoSummary"
    r"|Write\w*Summary|CreateSummary\w*Writer|PrintV2File|DatasetToTFRecord|SaveDataset(V2)?"
)
_READS_FILES = re.compile(
    r"ReadFile|MatchingFiles|Restore(V2|Slice)?|WholeFileReader(V2)?"
    r"|(TextLine|TFRecord|FixedLengthRecord)(Reader|Dataset)(V2)?|LoadDataset(V2)?"
    r"|ImmutableConst"
)
_RUNS_PYTHON = re.compile(r"PyFunc(Stateless)?|EagerPyFunc")
# Those with Stateless in their name give what their seed gives, but models (Keras' among
# them) make the seed from a variable that each call changes.
RANDOM_OP = re.compile(
    r"""
    (Stateful | Stateless | Risc)?
    ( Random (Binomial | Crop | Gamma | Normal | Poisson | Shuffle | StandardNormal)
    | (Random)? Uniform (Int | FullInt)?
    | (Parameterized)? TruncatedNormal
    | Multinomial | SampleDistortedBoundingBox | Shuffle | StandardNormal
    ) (V\d)?
    | \w+CandidateSampler
    | XlaRngBitGenerator
    """,
    re.VERBOSE,
)
_DEVICE = re.compile(r"device:(?!CPU)|/(gpu|tpu):", re.IGNORECASE)


@dataclass(frozen=True)
class Effects:
    """What a run of one signature does, as names of ops.

    Attributes:
        writes_variables: Variables and tables: later answers can depend on it.
        writes_files: On this machine.
        reads_files: Of this machine.
        runs_python: Functions of the process that made the model.
        random: Random numbers: two answers can differ.
        devices: Where it asks to run, other than a CPU; these are devices.
    """

    writes_variables: tuple[str, ...] = ()
    writes_files: tuple[str, ...] = ()
    reads_files: tuple[str, ...] = ()
    runs_python: tuple[str, ...] = ()
    random: tuple[str, ...] = ()
    devices: tuple[str, ...] = ()


def of_run(nodes: Iterable[pb.NodeDef]) -> Effects:
    """Return the effects of a run of these nodes."""
    nodes = list(nodes)
    ops = {node.op for node in nodes}

    def those(pattern: re.Pattern[str], among: Iterable[str] = ops) -> tuple[str, ...]:
        return tuple(sorted(op for op in among if pattern.fullmatch(op)))

    return Effects(
        writes_variables=those(_WRITES_VARIABLES),
        writes_files=those(_WRITES_FILES),
        reads_files=those(_READS_FILES),
        runs_python=those(_RUNS_PYTHON),
        random=those(RANDOM_OP),
        devices=tuple(sorted({node.device for node in nodes if _DEVICE.search(node.device)})),
    )
