// The server of files that a worker's page is loaded from.

import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { serveFolders } from "../host/server.js";

const folder = mkdtempSync(join(tmpdir(), "stele-web-"));

/** @type {Awaited<ReturnType<typeof serveFolders>>} */
let server;

before(async () => {
  writeFileSync(join(folder, "a.wasm"), "wasm");
  writeFileSync(`${folder}-secret`, "secret");
  server = await serveFolders({ "/files/": folder });
});

after(() => {
  server.close();
  rmSync(folder, { recursive: true });
  rmSync(`${folder}-secret`);
});

/**
 * @param {string} path as it is, which fetch would tidy
 * @returns {Promise<number | undefined>} the status
 */
const status = (path) =>
  new Promise((resolve, reject) => {
    const { hostname, port } = new URL(server.origin);
    request({ hostname, port, path }, (answer) => resolve(answer.resume().statusCode))
      .on("error", reject)
      .end();
  });

test("files come with their type, isolated", async () => {
  const answer = await fetch(`${server.origin}/files/a.wasm`);
  assert.equal(answer.headers.get("content-type"), "application/wasm");
  assert.equal(answer.headers.get("cross-origin-embedder-policy"), "require-corp");
  assert.equal(await answer.text(), "wasm");
});

test("nothing outside of the folders", async () => {
  const secret = `${folder}-secret`.split("/").at(-1);
  for (const path of ["/", "/files/", "/files/none", "/a.wasm", `/files/../${secret}`]) {
    assert.equal(await status(path), 404, path);
  }
  assert.equal(await status(`/files/%2e%2e/${secret}`), 404);
});

test("a folder can be mounted later", async () => {
  assert.equal(await status("/more/a.wasm"), 404);
  server.mount("/more/", folder);
  assert.equal(await status("/more/a.wasm"), 200);
});

test("it listens on this machine alone", () => {
  assert.match(server.origin, /^http:\/\/127\.0\.0\.1:\d+$/);
});
