// The worker of binding `js-grpc`: tf-stele/remote, behind protocol 1.
//
// `python -m stele.remote.launch` starts it beside a server, and says what the
// two variables mean.

import { Connection, DTYPES } from "tf-stele/remote";
import { configuration } from "./protocol/config.js";
import { serve } from "./protocol/loop.js";
import { verbsOf } from "./protocol/verbs.js";

const { STELE_REMOTE: address = "", STELE_REMOTE_MODEL: served } = process.env;
const connection = await Connection.open(address);
let loads = 0;

/**
 * @param {string} dir
 * @param {string[]} tags
 * @param {string} config
 * @returns {Promise<import("./protocol/verbs.js").Runnable>}
 */
async function load(dir, tags, config) {
  if (served !== undefined) return connection.model(served);
  // A name for each load: one that fails leaves the model before it alone.
  const name = `worker-${process.pid}-${++loads}`;
  await connection.load(name, dir, { tags, ...configuration(config) });
  const model = await connection.model(name);
  return {
    signatures: model.signatures,
    run: (inputs, options) => model.run(inputs, options),
    async close() {
      await model.close();
      await connection.unload(name);
    },
  };
}

const verbs = verbsOf({
  id: "js-grpc",
  dtypes: Object.keys(DTYPES),
  versions: async () => ({ tensorflow: "" }), // the server's business
  load,
});

await serve(verbs);
await verbs.unload.run();
await connection.close();
