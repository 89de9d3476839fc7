import assert from "node:assert/strict";
import {
  chmodSync,
  cpSync,
  mkdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { Model } from "tf-stele";
import { readSavedModel as readDefs } from "../src/savedmodel.js";
import { readSignatures } from "../src/signature.js";
import { DIGITS, oddModel, steleError, temporaryFolder } from "./helpers/environment.js";

const folder = temporaryFolder();

/**
 * @param {string} dir
 * @param {string[]} tags
 */
async function readSavedModel(dir, tags) {
  return readSignatures(await readDefs(dir, tags));
}

test("reads names, dtypes and shapes, sorted, without TensorFlow's own signatures", async () => {
  const signatures = await readSavedModel(oddModel("described"), ["serve"]);
  assert.deepEqual(JSON.parse(JSON.stringify(signatures)), {
    a: {
      inputs: {},
      outputs: {
        noShape: { name: "noShape", dtype: "FP32", shape: null, endpoint: "s" },
        y: { name: "y", dtype: "UINT8", shape: [], endpoint: "r:0" },
      },
    },
    b: {
      inputs: {
        a: { name: "a", dtype: "BYTES", shape: null, endpoint: "q:1" },
        z: { name: "z", dtype: "FP32", shape: [null, 8], endpoint: "p:0" },
        ä: { name: "ä", dtype: "TF_20", shape: [], endpoint: "" },
      },
      outputs: {},
    },
  });
  assert.deepEqual(Object.keys(signatures), ["a", "b"]);
  assert.deepEqual(Object.keys(signatures.b.inputs), ["a", "z", "ä"]);
  assert.ok(
    Object.isFrozen(signatures.b.inputs.z.shape),
    "nobody can change what runs are checked by",
  );
});

test("signatures may be named like members of every object", async () => {
  const names = ["constructor", "toString", "hasOwnProperty"];
  const signatures = await readSavedModel(oddModel("members"), ["serve"]);
  assert.deepEqual(Object.keys(signatures).sort(), names.sort());
});

test("chooses the graph with exactly the tags, in any order", async () => {
  const dir = oddModel("tags");
  assert.deepEqual(Object.keys(await readSavedModel(dir, ["gpu", "serve", "gpu"])), ["both"]);
  assert.deepEqual(Object.keys(await readSavedModel(dir, ["serve"])), ["one"]);
  assert.deepEqual(Object.keys(await readSavedModel(dir, [])), ["none"]);
  await assert.rejects(
    readSavedModel(dir, ["train"]),
    steleError("NOT_FOUND", '"train"', '"gpu,serve"', '"serve"'),
  );
});

test("no folder, no SavedModel in it, a file in its place", async () => {
  const empty = join(folder, "empty");
  mkdirSync(empty);
  const file = join(folder, "file");
  writeFileSync(file, "");
  for (const dir of [join(folder, "missing"), empty, file, join(file, "below")]) {
    await assert.rejects(readSavedModel(dir, ["serve"]), steleError("NOT_FOUND", dir));
  }
  const directory = join(folder, "directory");
  mkdirSync(join(directory, "saved_model.pb"), { recursive: true });
  await assert.rejects(
    readSavedModel(directory, ["serve"]),
    steleError("DATA_LOSS", "not a regular file"),
  );
});

test("a saved_model.pb that is cut short, empty or something else", async () => {
  const dir = join(folder, "damaged");
  mkdirSync(dir);
  const path = join(dir, "saved_model.pb");
  const damaged = {
    empty: Buffer.alloc(0),
    text: Buffer.from("this is no protocol buffer"),
    "without graphs": Buffer.of(0x08, 0x01),
  };
  for (const content of Object.values(damaged)) {
    writeFileSync(path, content);
    await assert.rejects(readSavedModel(dir, ["serve"]), steleError("DATA_LOSS", path));
  }
  // Cut anywhere: also in the bytes of its last field, which nobody reads.
  for (const name of ["echo-FP32", "unsigned"]) {
    const whole = readFileSync(join(oddModel(name), "saved_model.pb"));
    for (let length = 1; length < whole.length; length++) {
      writeFileSync(path, whole.subarray(0, length));
      await assert.rejects(
        readSavedModel(dir, ["serve"]),
        steleError("DATA_LOSS", path),
        `${length}`,
      );
    }
  }
});

test("a saved_model.pb that may not be read", { skip: process.getuid?.() === 0 }, async () => {
  const dir = copyOf(oddModel("echo-FP32"), "private");
  chmodSync(join(dir, "saved_model.pb"), 0);
  await assert.rejects(readSavedModel(dir, ["serve"]), steleError("PERMISSION_DENIED", dir));
});

test("a graph with a saver needs the index of its variables", async () => {
  const dir = copyOf(oddModel("conv"), "variables");
  rmSync(join(dir, "variables"), { recursive: true });
  const index = join(dir, "variables", "variables.index");
  await assert.rejects(readSavedModel(dir, ["serve"]), steleError("NOT_FOUND", index));
  mkdirSync(join(dir, "variables"));
  writeFileSync(index, "");
  assert.deepEqual(Object.keys(await readSavedModel(dir, ["serve"])), ["serving_default"]);
});

const FILES = [
  "saved_model.pb",
  "variables/variables.index",
  "variables/variables.data-00000-of-00001",
];

for (const file of FILES) {
  test(`a device in place of ${file}`, async () => {
    const dir = copyOf(DIGITS, `device-${FILES.indexOf(file)}`);
    rmSync(join(dir, file));
    symlinkSync("/dev/zero", join(dir, file));
    await assert.rejects(
      Model.load(dir),
      steleError("DATA_LOSS", `"${join(dir, file)}" is not a regular file`),
    );
  });

  test(`3 GiB of zeros in place of ${file}, which take no memory`, async () => {
    const dir = copyOf(DIGITS, `zeros-${FILES.indexOf(file)}`);
    writeFileSync(join(dir, file), "");
    truncateSync(join(dir, file), 3 * 2 ** 30);
    const before = process.resourceUsage().maxRSS;
    await assert.rejects(Model.load(dir), steleError("DATA_LOSS"));
    const KIB_OF_GIB = 2 ** 20;
    assert.ok(process.resourceUsage().maxRSS - before < KIB_OF_GIB);
  });
}

/**
 * @param {string} model
 * @param {string} name
 */
function copyOf(model, name) {
  const dir = join(folder, name);
  cpSync(model, dir, { recursive: true });
  return dir;
}
