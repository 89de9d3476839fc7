// Run with --expose-gc by memory.test.js: prints how much memory a hundred
// rounds of some work leave behind, in bytes per round.
//
//   node --expose-gc leak.js WORK ROUNDS

import { Model, tensor } from "tf-stele";
import { DIGITS, oddModel } from "./environment.js";

const [, , work, rounds] = process.argv;

/** Bytes that one run would leak if it leaked at all; one load: the constant of its model. */
const PAYLOAD = 16 * 1024;

/** @type {unknown[]} what the planted leaks keep */
const kept = [];

/** @returns {Promise<() => unknown>} one round */
async function prepare() {
  switch (work) {
    case "run":
    case "run-leak": {
      const model = await Model.load(oddModel("echo-FP32"));
      const x = tensor("FP32", [PAYLOAD / 4], new Float32Array(PAYLOAD / 4).fill(1));
      return () => {
        const { y } = model.run({ x });
        if (work === "run-leak") kept.push(y);
      };
    }
    case "run-async": {
      const model = await Model.load(oddModel("echo-FP32"));
      const x = tensor("FP32", [PAYLOAD / 4], new Float32Array(PAYLOAD / 4).fill(1));
      return () => model.runAsync({ x });
    }
    case "run-strings": {
      const model = await Model.load(oddModel("echo-BYTES"));
      const x = Array.from({ length: 4 }, () => new Uint8Array(PAYLOAD / 4).fill(65));
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
      return async () => {
        const model = await Model.load(oddModel("large"));
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
