import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import { DTYPES, tensor } from "tf-stele";
import { readBundle, writeBundle } from "../protocol/bundle.js";
import { escapeField, unescapeField } from "../protocol/fields.js";
import { bits, tensors } from "./helpers/arbitrary.js";
import { temporaryFolder } from "./helpers/environment.js";

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
