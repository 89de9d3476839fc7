// Run with --expose-gc by memory.test.js: prints how much memory a hundred
// rounds of some work leave behind, in bytes per round.
//
//   node --expose-gc leak.js WORK FOLDER ROUNDS

import { Model, tensor } from "tf-stele";
import { DIGITS } from "./environment.js";
import { identityGraph, NUMBERS, node, shapeProto, type, writeSavedModel } from "./saved-model.js";

const [, , work, folder, rounds] = process.argv;

/** Bytes that one run or one load would leak if it leaked at all. */
const PAYLOAD = { run: 16 * 1024, load: 2 * 1024 * 1024 };

/** @type {unknown[]} what the planted leaks keep */
const kept = [];

/** @returns {Promise<() => unknown>} one round */
async function prepare() {
  switch (work) {
    case "run":
    case "run-leak": {
      const model = await Model.load(writeSavedModel(folder, identityGraph("FP32", [null])));
      const x = tensor("FP32", [PAYLOAD.run / 4], new Float32Array(PAYLOAD.run / 4).fill(1));
      return () => {
        const { y } = model.run({ x });
        if (work === "run-leak") kept.push(y);
      };
    }
    case "run-async": {
      const model = await Model.load(writeSavedModel(folder, identityGraph("FP32", [null])));
      const x = tensor("FP32", [PAYLOAD.run / 4], new Float32Array(PAYLOAD.run / 4).fill(1));
      return () => model.runAsync({ x });
    }
    case "run-strings": {
      const model = await Model.load(writeSavedModel(folder, identityGraph("BYTES", [null])));
      const x = Array.from({ length: 4 }, () => new Uint8Array(PAYLOAD.run / 4).fill(65));
      return () => model.run({ x });
    }
    case "run-refused": {
      const model = await Model.load(DIGITS);
      const image = tensor("FP32", [1, 1], Float32Array.of(1));
      return () => {
        try {
          model.run({ image });
        } catch {}
      };
    }
    default: {
      // A constant makes a graph that nobody could overlook.
      const constant = Buffer.alloc(PAYLOAD.load, 1);
      const graph = identityGraph("FP32", [null]);
      const value = {
        dtype: NUMBERS.UINT8,
        tensorShape: shapeProto([constant.length]),
        tensorContent: constant,
      };
      graph.nodes.push(
        node("big", "Const", [], { dtype: type("UINT8"), value: { tensor: value } }),
      );
      const dir = writeSavedModel(folder, graph);
      return async () => {
        const model = await Model.load(dir);
        model.run({ x: [1] });
        if (work === "load-leak") kept.push(model);
        else await model.close();
      };
    }
  }
}

function residentBytes() {
  global.gc?.();
  return process.memoryUsage().rss;
}

const round = await prepare();
const count = Number(rounds);
/** @type {number[]} */
const samples = [];
// The first half settles allocators and caches; the second half is measured.
for (let i = 1; i <= count; i++) {
  await round();
  if (i === count / 2 || i === count) samples.push(residentBytes());
}
console.log((samples[1] - samples[0]) / (count / 2));
