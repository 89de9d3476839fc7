// Writes SavedModels without TensorFlow, so that a test says in a few lines
// what graph it needs, wrong ones included.

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import protobuf from "protobufjs";

// Field numbers are TensorFlow's; of its messages only what the tests use.
const { root } = protobuf.parse(`
  syntax = "proto3";
  message SavedModel { int64 saved_model_schema_version = 1; repeated MetaGraphDef meta_graphs = 2; }
  message MetaGraphDef {
    MetaInfoDef meta_info_def = 1;
    GraphDef graph_def = 2;
    SaverDef saver_def = 3;
    map<string, SignatureDef> signature_def = 5;
  }
  message MetaInfoDef { repeated string tags = 4; }
  message SaverDef { string filename_tensor_name = 1; string restore_op_name = 3; }
  message SignatureDef {
    map<string, TensorInfo> inputs = 1;
    map<string, TensorInfo> outputs = 2;
    string method_name = 3;
  }
  message TensorInfo { string name = 1; int32 dtype = 2; TensorShape tensor_shape = 3; }
  message TensorShape { repeated Dim dim = 2; bool unknown_rank = 3; }
  message Dim { int64 size = 1; }
  message GraphDef { repeated NodeDef node = 1; VersionDef versions = 4; }
  message VersionDef { int32 producer = 1; }
  message NodeDef {
    string name = 1; string op = 2; repeated string input = 3; map<string, AttrValue> attr = 5;
  }
  message AttrValue {
    oneof value {
      bytes s = 2; int64 i = 3; bool b = 5; int32 type = 6; TensorShape shape = 7; TensorProto tensor = 8;
    }
  }
  message TensorProto {
    int32 dtype = 1; TensorShape tensor_shape = 2; bytes tensor_content = 4;
    repeated float float_val = 5; repeated double double_val = 6; repeated int32 int_val = 7;
    repeated bytes string_val = 8; repeated float scomplex_val = 9; repeated int64 int64_val = 10;
    repeated bool bool_val = 11; repeated int32 half_val = 13;
  }
`);

const SavedModel = root.lookupType("SavedModel");

/** TensorFlow's numbers of the dtypes. */
export const NUMBERS = {
  ...{
    FP32: 1,
    FP64: 2,
    INT32: 3,
    UINT8: 4,
    INT16: 5,
    INT8: 6,
    BYTES: 7,
    C64: 8,
    INT64: 9,
    BOOL: 10,
  },
  ...{ BF16: 14, UINT16: 17, C128: 18, FP16: 19, UINT32: 22, UINT64: 23 },
};

/** @typedef {(number | null)[] | null} Dims */

/** @param {Dims} dims null where unknown */
export function shapeProto(dims) {
  return dims === null
    ? { unknownRank: true }
    : { dim: dims.map((size) => ({ size: size === null ? -1 : size })) };
}

/**
 * @param {string} endpoint
 * @param {keyof typeof NUMBERS | number} dtype
 * @param {Dims} dims
 */
export function info(endpoint, dtype, dims) {
  const number = typeof dtype === "number" ? dtype : NUMBERS[dtype];
  return { name: endpoint, dtype: number, tensorShape: shapeProto(dims) };
}

/**
 * @param {string} name
 * @param {string} op
 * @param {string[]} [input]
 * @param {Record<string, object>} [attr]
 */
export function node(name, op, input = [], attr = {}) {
  return { name, op, input, attr };
}

/** @param {keyof typeof NUMBERS} dtype */
export const type = (dtype) => ({ type: NUMBERS[dtype] });

/**
 * @param {string} name
 * @param {keyof typeof NUMBERS} dtype
 */
export function placeholder(name, dtype) {
  return node(name, "Placeholder", [], {
    dtype: type(dtype),
    shape: { shape: { unknownRank: true } },
  });
}

/**
 * @param {string} name
 * @param {string} input
 * @param {keyof typeof NUMBERS} dtype
 */
export function identity(name, input, dtype) {
  return node(name, "Identity", [input], { T: type(dtype) });
}

/**
 * @typedef {object} Graph
 * @property {string[]} [tags]
 * @property {object[]} nodes
 * @property {Record<string, object>} signatures
 * @property {object} [saver]
 */

/**
 * @param {string} dir created
 * @param {...Graph} graphs
 * @returns {string} the folder
 */
export function writeSavedModel(dir, ...graphs) {
  mkdirSync(dir, { recursive: true });
  const message = SavedModel.fromObject({
    savedModelSchemaVersion: 1,
    metaGraphs: graphs.map(({ tags = ["serve"], nodes, signatures, saver }) => ({
      metaInfoDef: { tags },
      graphDef: { node: nodes, versions: { producer: 2000 } },
      ...(saver && { saverDef: saver }),
      signatureDef: signatures,
    })),
  });
  writeFileSync(join(dir, "saved_model.pb"), SavedModel.encode(message).finish());
  return dir;
}

/**
 * One signature `serving_default` that returns its input `x` as `y`.
 *
 * @param {keyof typeof NUMBERS} dtype
 * @param {Dims} dims
 * @returns {Graph}
 */
export function identityGraph(dtype, dims) {
  return {
    nodes: [placeholder("in", dtype), identity("out", "in", dtype)],
    signatures: {
      serving_default: {
        inputs: { x: info("in:0", dtype, dims) },
        outputs: { y: info("out:0", dtype, dims) },
      },
    },
  };
}

/**
 * @param {object} proto fields of a TensorProto
 * @returns {Uint8Array}
 */
export function encodeTensor(proto) {
  const TensorProto = root.lookupType("TensorProto");
  return TensorProto.encode(TensorProto.fromObject(proto)).finish();
}
