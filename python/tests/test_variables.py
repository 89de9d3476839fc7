from __future__ import annotations

import re
import shutil
import struct
from pathlib import Path

import cramjam
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stele import savedmodel
from stele._proto import graph_pb2 as pb
from stele._proto import saved_model_pb2
from stele.contract.codes import Code, SteleError
from stele.parity import bad_input
from stele.parity.case import Target
from stele.savedmodel import sstable, variables

MAGIC = struct.pack("<Q", 0xDB4775248B80FB57)


def crc32c(data):
    """Castagnoli's CRC bit by bit, as its definition says."""
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = (crc >> 1) ^ (0x82F63B78 * (crc & 1))
    return crc ^ 0xFFFFFFFF


def varint(value):
    out = b""
    while value > 0x7F:
        out += bytes([value & 0x7F | 0x80])
        value >>= 7
    return out + bytes([value])


def block(entries, shared=0):
    """A block with one restart; `shared` bytes are left out of each key but the first."""
    data = b""
    for index, (key, value) in enumerate(entries):
        skip = shared if index else 0
        data += varint(skip) + varint(len(key) - skip) + varint(len(value)) + key[skip:] + value
    return data + struct.pack("<II", 0, 1)


def table(*blocks, kind=0):
    """A whole table with intact checksums around these blocks."""
    data, handles = b"", []
    for content in blocks:
        handles.append(varint(len(data)) + varint(len(content)))
        data += with_trailer(content, kind)
    index = block([(b"\xff" * (i + 1), handle) for i, handle in enumerate(handles)])
    handle = varint(len(data)) + varint(len(index))
    data += with_trailer(index, 0)
    return data + (b"\0\0" + handle).ljust(40, b"\0") + MAGIC


def with_trailer(content, kind):
    crc = crc32c(content + bytes([kind]))
    masked = ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF
    return content + struct.pack("<BI", kind, masked)


HEADER = (b"", pb.BundleHeaderProto(num_shards=1).SerializeToString())


def entry(**fields):
    return pb.BundleEntryProto(dtype=1, **fields).SerializeToString()


def read(folder: Path, data: bytes) -> variables.Index:
    (folder / "variables.index").write_bytes(data)
    return variables.read_index(folder)


def refuse(folder: Path, data: bytes) -> SteleError:
    with pytest.raises(SteleError) as caught:
        read(folder, data)
    return caught.value


MODELS = ["plain/variables", "tf1/variables", "random/variables", "many", "merged"]


@pytest.mark.parametrize("name", MODELS)
def test_agrees_with_tensorflows_reader(made, name):
    found = variables.read_index(made.folder / name)
    expected = made.expected["variables"][name]
    expected.pop("_CHECKPOINTABLE_OBJECT_GRAPH", None)
    assert {entry.key: [entry.number, list(entry.shape)] for entry in found.variables} == {
        key: [number, shape] for key, (number, shape, _) in expected.items()
    }
    for entry in found.variables:
        if entry.dtype != "BYTES":
            assert entry.nbytes == expected[entry.key][2], entry
    variables.check_data(found)


def test_several_blocks(made):
    data = (made.folder / "many" / "variables.index").read_bytes()
    # TensorFlow closes a block at 256 KiB.
    assert len(data) > 2 * 262144
    assert len(variables.read_index(made.folder / "many").variables) == 4000


def test_several_data_files(made):
    found = variables.read_index(made.folder / "merged")
    assert len(found.shard_bytes) == 2
    assert [found.shard(n).stat().st_size for n in (0, 1)] == list(found.shard_bytes)


def test_names_of_the_program(made):
    found = variables.with_names(variables.read_index(made.folder / "plain" / "variables"))
    assert {entry.key.split("/.")[0]: entry.name for entry in found.variables} == {
        "flag": "flag",
        "half": "half",
        "layers/0": "layer0/kernel",
        "layers/1": "layer1/kernel",
        "layers/2": "layer2/kernel",
        "text": "text",
    }
    tf1 = variables.read_index(made.folder / "tf1" / "variables")
    assert variables.with_names(tf1) == tf1


def test_shared_key_prefixes(tmp_path):
    (tmp_path / "variables.index").write_bytes(
        table(
            block([HEADER, (b"dense/bias", entry(size=4))]),
            block([(b"dense/kernel", entry(offset=4, size=8)), (b"dense/zeta", entry())], shared=6),
        )
    )
    found = variables.read_index(tmp_path)
    assert [entry.key for entry in found.variables] == ["dense/bias", "dense/kernel", "dense/zeta"]
    assert found.shard_bytes == (12,)


def test_checksum_of_the_standard():
    assert crc32c(b"123456789") == 0xE3069283
    assert sstable._crc32c(b"123456789") == 0xE3069283


def test_no_index(tmp_path):
    with pytest.raises(SteleError, match=r"variables\.index") as caught:
        variables.read_index(tmp_path)
    assert caught.value.code == Code.NOT_FOUND


def compressed(data):
    """The same table with every block compressed, as a TensorFlow with snappy writes it."""
    entries = list(sstable.entries(data))
    blocks = [block(entries[start : start + 3]) for start in range(0, len(entries), 3)]
    return table(*(bytes(cramjam.snappy.compress_raw(content)) for content in blocks), kind=1)


@pytest.mark.parametrize("name", MODELS)
def test_a_compressed_index_says_the_same(made, tmp_path, name):
    folder = tmp_path / "variables"
    shutil.copytree(made.folder / name, folder)
    plain = variables.read_index(folder)
    found = read(folder, compressed((folder / "variables.index").read_bytes()))
    assert found == plain
    assert variables.with_names(found) == variables.with_names(plain)


def test_refuses_damaged_compression(tmp_path):
    for content in (block([HEADER]), b"", b"\xff\xff\xff\xff\x0f", b"\x05abc"):
        assert refuse(tmp_path, table(content, kind=1)).code == Code.DATA_LOSS, content


def test_refuses_unknown_compression(tmp_path):
    assert refuse(tmp_path, table(block([HEADER]), kind=2)).code == Code.DATA_LOSS


DAMAGED = {
    "no header": table(block([(b"a", entry())])),
    "no blocks": table(),
    "out of order": table(block([HEADER, (b"b", entry()), (b"a", entry())])),
    "same key twice": table(block([HEADER, (b"a", entry())]), block([(b"a", entry())])),
    "shard not there": table(block([HEADER, (b"a", entry(shard_id=1))])),
    "negative size": table(block([HEADER, (b"a", entry(size=-1))])),
    "negative offset": table(block([HEADER, (b"a", entry(offset=-1))])),
    "negative dimension": table(
        block([HEADER, (b"a", entry(shape=pb.Shape(dim=[pb.Shape.Dim(size=-2)])))])
    ),
    "too many shards": table(
        block([(b"", pb.BundleHeaderProto(num_shards=2**31 - 1).SerializeToString())])
    ),
    "negative shards": table(
        block([(b"", pb.BundleHeaderProto(num_shards=-1).SerializeToString())])
    ),
    "key not UTF-8": table(block([HEADER, (b"\xff\xfe", entry())])),
    "slice without a name": table(block([(b"", HEADER[1]), (b"\0abc", entry())])),
    "value not a message": table(block([HEADER, (b"a", b"\xff\xff\xff")])),
    "more shared than there is": table(b"\x05\x01\x00a" + struct.pack("<II", 0, 1)),
    "entry beyond its block": table(b"\x00\x7f\x00a" + struct.pack("<II", 0, 1)),
    "endless number": table(b"\xff" * 12 + struct.pack("<II", 0, 1)),
    "too many restarts": table(struct.pack("<I", 2**32 - 1)),
    "block too short": table(b"abc"),
    "nothing": b"",
    "no footer": b"x" * 100,
    "handle beyond the end": b"\0\0\x7f\x7f".ljust(40, b"\0") + MAGIC,
}


@pytest.mark.parametrize("name", DAMAGED)
def test_refuses_damage(tmp_path, name):
    error = refuse(tmp_path, DAMAGED[name])
    assert error.code == Code.DATA_LOSS
    assert str(tmp_path / "variables.index") in error.message


def test_every_truncation_is_refused(made, tmp_path):
    data = (made.folder / "plain" / "variables" / "variables.index").read_bytes()
    for length in range(len(data)):
        assert refuse(tmp_path, data[:length]).code == Code.DATA_LOSS, length


def test_every_flipped_bit_of_a_block_is_noticed(made, tmp_path):
    folder = made.folder / "plain" / "variables"
    data = (folder / "variables.index").read_bytes()
    intact = variables.read_index(folder).variables
    shutil.copy(folder / "variables.data-00000-of-00001", tmp_path)
    survived = []
    for position in range(len(data)):
        damaged = bytearray(data)
        damaged[position] ^= 1 << position % 8
        code = outcome(tmp_path, bytes(damaged))
        assert code in (Code.OK, Code.DATA_LOSS), position
        if code == Code.OK:
            assert variables.read_index(tmp_path).variables == intact
            survived.append(position)
    # What may change unseen: the metadata block that nobody reads (8 bytes and a
    # trailer) and the footer's padding.
    assert len(survived) < 60
    assert all(position > len(data) - 110 for position in survived)


def outcome(folder: Path, data: bytes) -> Code:
    """Read an index, and its names; anything but a SteleError fails the test."""
    try:
        variables.with_names(read(folder, data))
    except SteleError as error:
        return error.code
    return Code.OK


@given(blocks=st.lists(st.binary(max_size=60), max_size=3), kind=st.integers(0, 2))
def test_no_blocks_raise_anything_else(tmp_path_factory, blocks, kind):
    folder = tmp_path_factory.mktemp("fuzz")
    assert outcome(folder, table(*blocks, kind=kind)) == Code.DATA_LOSS


@given(
    values=st.dictionaries(st.binary(max_size=8), st.binary(max_size=40), max_size=4),
    shards=st.integers(-2, 3),
)
def test_no_entries_raise_anything_else(tmp_path_factory, values, shards):
    folder = tmp_path_factory.mktemp("fuzz")
    values[b""] = pb.BundleHeaderProto(num_shards=shards).SerializeToString()
    code = outcome(folder, table(block(sorted(values.items()))))
    assert code in (Code.OK, Code.DATA_LOSS)


@pytest.mark.parametrize("gone", [0, 1])
def test_one_of_several_data_files_missing_is_named(made, tmp_path, gone):
    folder = tmp_path / "model"
    shutil.copytree(made.folder / "merged", folder / "variables")
    model = saved_model_pb2.SavedModel()
    model.meta_graphs.add(saver_def=b"\n\0").meta_info_def.tags.append("serve")
    savedmodel.select(folder, model, ["serve"])
    shard = folder / "variables" / f"variables.data-0000{gone}-of-00002"
    shard.unlink()
    with pytest.raises(SteleError, match=re.escape(str(shard))) as caught:
        savedmodel.select(folder, model, ["serve"])
    assert caught.value.code == Code.NOT_FOUND


def test_data_files_missing_or_cut_short(made, tmp_path):
    folder = tmp_path / "variables"
    shutil.copytree(made.folder / "plain" / "variables", folder)
    index = variables.read_index(folder)
    data = index.shard(0)
    whole = data.read_bytes()
    data.write_bytes(whole[:-1])
    for check in (variables.check_data, variables.with_names):
        with pytest.raises(SteleError, match="cut short") as caught:
            check(index)
        assert caught.value.code == Code.DATA_LOSS
    data.unlink()
    with pytest.raises(SteleError, match="data-00000-of-00001") as caught:
        variables.check_data(index)
    assert caught.value.code == Code.NOT_FOUND


def test_damaged_names(made, tmp_path):
    folder = tmp_path / "variables"
    shutil.copytree(made.folder / "plain" / "variables", folder)
    index = variables.read_index(folder)
    index.shard(0).write_bytes(b"\xff" * index.shard_bytes[0])
    with pytest.raises(SteleError) as caught:
        variables.with_names(index)
    assert caught.value.code == Code.DATA_LOSS


def test_a_model_without_its_data_is_refused_by_the_name_of_the_file(made, tmp_path):
    folder = tmp_path / "model"
    shutil.copytree(made.folder / "plain", folder)
    (folder / "variables" / "variables.data-00000-of-00001").unlink()
    target = Target("model", folder)
    for read_it in (
        lambda: savedmodel.load_signatures(folder),
        lambda: bad_input.load_rows(target, tmp_path / "rows"),
        lambda: variables.with_names(variables.read_index(folder / "variables")),
    ):
        with pytest.raises(SteleError, match="data-00000-of-00001") as caught:
            read_it()
        assert caught.value.code == Code.NOT_FOUND
