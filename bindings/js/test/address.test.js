// Where a remote client connects to: addresses, proxies.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import { test } from "node:test";
import { Connection, SteleError } from "tf-stele/remote";
import { isLoopback } from "../src/remote/address.js";
import { readTable } from "./helpers/contract.js";
import { ROOT } from "./helpers/environment.js";
import { metadataOf, startServer } from "./helpers/inference-server.js";

const COLUMNS = ["address", "tls", "connects_to", "code", "message"];

for (const { address, tls, connects_to, code, message } of readTable("addresses.tsv", ...COLUMNS)) {
  test(`address "${address}", TLS ${tls}`, async () => {
    assert.ok(["yes", "no"].includes(tls));
    const opened = Connection.open(address, { tls: tls === "yes" });
    if (code === "OK") {
      const connection = await opened;
      assert.equal(connection.address, connects_to);
      await connection.close();
      return;
    }
    await assert.rejects(opened, (error) => {
      assert.ok(error instanceof SteleError);
      const expected = message.replaceAll("{address}", address);
      assert.deepEqual([error.codeName, error.message], [code, expected]);
      return true;
    });
  });
}

test("which hosts are this machine", () => {
  const loopback = ["localhost:1", "LOCALHOST:1", "a.localhost:1", "127.0.0.1:1", "127.9.9.9:1"];
  for (const server of [...loopback, "[::1]:1", "[0:0:0:0:0:0:0:1]:1", "[::ffff:127.0.0.1]:1"]) {
    assert.ok(isLoopback(server), server);
  }
  for (const server of ["localhost.example.org:1", "notlocalhost:1", "128.0.0.1:1", "[::2]:1"]) {
    assert.ok(!isLoopback(server), server);
  }
});

/**
 * Asks for a model in a process of its own, for gRPC reads variables of the process.
 *
 * @param {string} address
 * @param {Record<string, string>} variables
 * @returns {Promise<string>} what became of it
 */
async function connect(address, variables) {
  const program = `
    import { Model } from "tf-stele/remote";
    const options = { retries: 0, deadline: 20_000 };
    await Model.connect("${address}", "m", options).then(
      (model) => { console.log("connected"); model.close(); },
      ({ codeName, message }) => console.log(codeName, message),
    );`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", program], {
    cwd: ROOT,
    env: { ...process.env, GRPC_VERBOSITY: "NONE", no_proxy: "", ...variables },
    stdio: ["ignore", "pipe", "inherit"],
    timeout: 60_000,
  });
  child.stdout.setEncoding("utf8");
  const [output] = await Promise.all([child.stdout.toArray(), once(child, "exit")]);
  return output.join("").trim();
}

test("no proxy stands before this machine; one before another is named when it fails", async (t) => {
  let connections = 0;
  const proxy = createServer((socket) => {
    connections++;
    socket.on("error", () => {});
    socket.end("HTTP/1.1 502 Bad Gateway\r\n\r\n");
  });
  proxy.listen(0, "127.0.0.1");
  await once(proxy, "listening");
  t.after(() => proxy.close());
  const { port } = /** @type {import("node:net").AddressInfo} */ (proxy.address());
  const { address, close } = await startServer({ GetModelMetadata: metadataOf({}) });
  t.after(close);

  for (const variable of ["http_proxy", "https_proxy", "grpc_proxy"]) {
    const variables = { [variable]: `http://127.0.0.1:${port}` };
    connections = 0;
    assert.equal(await connect(address, variables), "connected");
    assert.equal(connections, 0);
    const answer = await connect("stele.invalid:8500", variables);
    const message = `UNAVAILABLE no answer from stele.invalid:8500 through the proxy 127.0.0.1:${port}: `;
    assert.ok(answer.startsWith(message), answer);
    assert.ok(connections > 0);
  }
  const direct = await connect("stele.invalid:8500", {
    http_proxy: `http://127.0.0.1:${port}`,
    no_proxy: "stele.invalid",
  });
  assert.match(direct, /^UNAVAILABLE no answer from stele\.invalid:8500: /);
});
