import assert from "node:assert/strict";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import { DTYPES, tensor } from "tf-stele";
import { readBundle, writeBundle } from "../protocol/bundle.js";
import { escapeField, unescapeField } from "../protocol/fields.js";
import { bits, tensors } from "./helpers/arbitrary.js";
import { steleError, temporaryFolder } from "./helpers/environment.js";

const folder = temporaryFolder();
const dtypes = /** @type {(keyof typeof DTYPES)[]} */ (Object.keys(DTYPES));

test("bundles keep names and bits of tensors of every dtype", () => {
  const dir = join(folder, "roundtrip");
  const bundle = fc.dictionary(
    fc.string({ minLength: 1, unit: "grapheme" }),
    fc.constantFrom(...dtypes).chain(tensors),
    { maxKeys: 4 },
  );
  fc.assert(
    fc.property(bundle, (written) => {
      writeBundle(dir, written);
      const read = readBundle(dir);
      assert.deepEqual(
        read.map(([name, value]) => [name, bits(value)]),
        Object.entries(written).map(([name, value]) => [name, bits(value)]),
      );
    }),
    { numRuns: 200 },
  );
});

test("fields come back from any text, and never hold a separator", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (text) => {
      const field = escapeField(text);
      assert.doesNotMatch(field, /[\t\n\r]/);
      assert.equal(unescapeField(field), text);
    }),
    { examples: [["\\t"], ["\\\\n"], ["\0\t\r\n\\"]] },
  );
});

test("the bytes of a bundle are the protocol's", () => {
  const dir = join(folder, "bytes");
  const asymmetric = tensor("INT16", [2, 3], Int16Array.of(1, 2, 3, 4, 5, -1));
  const strings = tensor("BYTES", [2], [Uint8Array.of(0, 255), new Uint8Array()]);
  writeBundle(dir, {
    "a\tb": asymmetric,
    s: strings,
    scalar: tensor("BOOL", [], Uint8Array.of(1)),
  });
  const index = readFileSync(join(dir, "tensors.tsv"), "utf8");
  assert.equal(
    index,
    "a\\tb\tINT16\t2,3\t12\t0.bin\ns\tBYTES\t2\t10\t1.bin\nscalar\tBOOL\t\t1\t2.bin\n",
  );
  assert.equal(readFileSync(join(dir, "0.bin"), "hex"), "01000200030004000500ffff");
  assert.equal(readFileSync(join(dir, "1.bin"), "hex"), "0200000000ff00000000");
});

/** @type {Record<string, [string | null, Buffer | null, Parameters<typeof steleError>]>} */
const rows = {
  "no tensors.tsv": [null, null, ["NOT_FOUND", "tensors.tsv"]],
  "no file of a tensor": ["x\tFP32\t1\t4\t0.bin", null, ["NOT_FOUND", "0.bin"]],
  "four fields": ["x\tFP32\t1\t4", Buffer.alloc(4), ["INVALID_ARGUMENT", '"x"']],
  "six fields": ["x\tFP32\t1\t4\t0.bin\t", Buffer.alloc(4), ["INVALID_ARGUMENT", '"x"']],
  "no file name": ["x\tFP32\t1\t4\t", Buffer.alloc(4), ["INVALID_ARGUMENT", '"x"']],
  "a blank line": ["x\tFP32\t1\t4\t0.bin\n", Buffer.alloc(4), ["INVALID_ARGUMENT", "not name"]],
  "a file outside the folder": ["x\tFP32\t1\t4\t../0.bin", null, ["INVALID_ARGUMENT", '"x"']],
  "the folder for a file": ["x\tFP32\t1\t4\t.", null, ["INVALID_ARGUMENT", '"x"']],
  "an unknown escape": ["\\x\tFP32\t1\t4\t0.bin", null, ["INVALID_ARGUMENT", "\\x"]],
  "a backslash at the end": ["x\\\tFP32\t1\t4\t0.bin", null, ["INVALID_ARGUMENT", "escape"]],
  "a NUL in a name": ["x\\0y\tFP32\t1\t4\t0.bin", null, ["INVALID_ARGUMENT", 'NUL: "x\\0y"']],
  "a sign before a number": ["x\tFP32\t+1\t4\t0.bin", null, ["INVALID_ARGUMENT", '"x"', "+1"]],
  "no number for a dimension": ["x\tFP32\t1x\t4\t0.bin", null, ["INVALID_ARGUMENT", '"x"', "1x"]],
  "an empty dimension": ["x\tFP32\t1,\t4\t0.bin", null, ["INVALID_ARGUMENT", '"x"']],
  "a negative dimension": ["x\tFP32\t-1\t4\t0.bin", null, ["INVALID_ARGUMENT", '"x"', "-1"]],
  "no number of bytes": ["x\tFP32\t1\t\t0.bin", null, ["INVALID_ARGUMENT", '"x"']],
  "a negative number of bytes": ["x\tFP32\t1\t-4\t0.bin", null, ["INVALID_ARGUMENT", '"x"']],
  "a dimension of 2^63": [
    "x\tFP32\t9223372036854775808\t4\t0.bin",
    Buffer.alloc(4),
    ["INVALID_ARGUMENT", '"x"'],
  ],
  "2^63 elements": [
    "x\tFP32\t4294967296,2147483648\t4\t0.bin",
    Buffer.alloc(4),
    ["INVALID_ARGUMENT", '"x"'],
  ],
  "an unknown dtype": [
    "x\tfloat\t1\t4\t0.bin",
    Buffer.alloc(4),
    ["INVALID_ARGUMENT", '"x"', "float"],
  ],
  "a file too short": ["x\tFP32\t1\t4\t0.bin", Buffer.alloc(3), ["INVALID_ARGUMENT", '"x"']],
  "a file too long": ["x\tFP32\t1\t4\t0.bin", Buffer.alloc(5), ["INVALID_ARGUMENT", '"x"']],
  "too few bytes": ["x\tFP32\t2\t4\t0.bin", Buffer.alloc(4), ["INVALID_ARGUMENT", '"x"']],
  "half an element": ["x\tFP32\t1\t6\t0.bin", Buffer.alloc(6), ["INVALID_ARGUMENT", '"x"']],
  "a BOOL of 2": ["x\tBOOL\t1\t1\t0.bin", Buffer.of(2), ["INVALID_ARGUMENT", '"x"']],
  "a BYTES length cut short": [
    "x\tBYTES\t1\t3\t0.bin",
    Buffer.alloc(3),
    ["INVALID_ARGUMENT", '"x"'],
  ],
  "BYTES that end too early": [
    "x\tBYTES\t1\t5\t0.bin",
    Buffer.of(2, 0, 0, 0, 65),
    ["INVALID_ARGUMENT", '"x"'],
  ],
  "one BYTES element too many": [
    "x\tBYTES\t1\t8\t0.bin",
    Buffer.alloc(8),
    ["INVALID_ARGUMENT", '"x"'],
  ],
};

for (const [what, [line, content, error]] of Object.entries(rows)) {
  test(`refuses ${what}`, () => {
    const dir = join(folder, what);
    mkdirSync(dir);
    if (line !== null) writeFileSync(join(dir, "tensors.tsv"), `${line}\n`);
    if (content !== null) writeFileSync(join(dir, "0.bin"), content);
    assert.throws(() => readBundle(dir), steleError(...error));
  });
}

test("an output folder that cannot be written", () => {
  const file = join(folder, "file");
  writeFileSync(file, "");
  assert.throws(() => writeBundle(file, {}), steleError("FAILED_PRECONDITION", file));
  assert.throws(() => writeBundle(join(file, "out"), {}), steleError("FAILED_PRECONDITION", file));
  assert.throws(() => writeBundle("/proc/stele/out", {}), steleError("NOT_FOUND", "/proc/stele"));
});
