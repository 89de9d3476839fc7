// Talks to the worker as the harness does.

import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { unescapeField } from "../../../protocol/fields.js";

export class Worker {
  #process;
  #lines;
  #id = 0;

  /** @param {string[]} command */
  constructor([program, ...args]) {
    this.#process = spawn(program, args, { stdio: ["pipe", "pipe", "ignore"], cwd: "/" });
    this.#lines = createInterface({ input: this.#process.stdout })[Symbol.asyncIterator]();
    /** @type {Promise<number | null>} */
    this.exit = new Promise((resolve) => this.#process.on("exit", resolve));
  }

  /**
   * @param {...string} fields verb and arguments, escaped where they need it
   * @returns {Promise<string[]>} status and fields of the reply
   */
  async request(...fields) {
    const id = String(++this.#id);
    this.#process.stdin.write(`${[id, ...fields].join("\t")}\n\n`);
    for (;;) {
      const { value, done } = await this.#lines.next();
      if (done) throw new Error(`the worker ended in the middle of ${fields[0]}`);
      if (!value.startsWith("@stele1\t")) continue;
      const [, replied, ...reply] = value.split("\t").map(unescapeField);
      if (replied !== id) throw new Error(`reply ${replied} to request ${id}`);
      return reply;
    }
  }
}
