// Serves a SavedModel over HTTP: POST inputs as JSON, nested arrays by name.
//
//   node examples/http.mjs build/models/digits/saved_model 8501
//   curl -d '{"image": [[[[0], [3], …]]]}' localhost:8501

import { createServer } from "node:http";
import { json } from "node:stream/consumers";
import { Model, SteleError, toNested } from "tf-stele";

const [dir, port = "8501"] = process.argv.slice(2);
const model = await Model.load(dir);

const utf8 = new TextDecoder();

/** @param {unknown} value JSON has neither 64-bit integers nor bytes */
const plain = (value) =>
  typeof value === "bigint"
    ? Number(value)
    : value instanceof Uint8Array
      ? utf8.decode(value)
      : value;

const server = createServer(async (request, response) => {
  try {
    const inputs = /** @type {import("tf-stele").InputValues} */ (await json(request));
    const outputs = await model.runAsync(inputs); // other requests go on meanwhile
    const nested = Object.entries(outputs).map(([name, tensor]) => [name, toNested(tensor)]);
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify(Object.fromEntries(nested), (_, value) => plain(value)));
  } catch (error) {
    // The caller's mistake, in words that name it; anything else is ours.
    const theirs = error instanceof SyntaxError || error instanceof SteleError;
    response.writeHead(theirs ? 400 : 500).end(`${/** @type {Error} */ (error).message}\n`);
  }
});

server.listen(Number(port), "127.0.0.1", () => {
  const address = /** @type {import("node:net").AddressInfo} */ (server.address());
  console.log(`listening on http://127.0.0.1:${address.port}`);
});
process.once("SIGTERM", () => server.close(() => model.close()));
