// The tables of bindings/contract, which all languages share.

import { readFileSync } from "node:fs";

const CONTRACT = new URL("../../../contract/", import.meta.url);

/**
 * @param {string} name
 * @returns {string}
 */
export function readContract(name) {
  return readFileSync(new URL(name, CONTRACT), "utf8");
}

/**
 * @param {string} name for example `dtypes.tsv`
 * @param {...string} columns all that it has: one that nobody reads is a promise that nobody keeps
 * @returns {Record<string, string>[]} its rows
 */
export function readTable(name, ...columns) {
  const lines = readContract(name)
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("#"))
    .map((line) => line.split("\t"));
  const [header, ...rows] = lines;
  if (header.join() !== columns.join()) throw new Error(`${name} has columns ${header}`);
  return rows.map((fields) => {
    if (fields.length !== columns.length) throw new Error(`${name}: ${fields}`);
    return Object.fromEntries(columns.map((column, i) => [column, fields[i]]));
  });
}
