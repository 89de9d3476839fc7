// The worker of binding `js-node`: worker protocol 1, level 5, on the public
// surface of tf-stele. bindings/PROTOCOL.md is the specification.

import { DTYPES, Model, SteleError, tensorflowVersion } from "tf-stele";
import { serve } from "./protocol/loop.js";
import { verbsOf } from "./protocol/verbs.js";

/**
 * @param {string} config `hex:` and digits, or the name of a profile
 * @returns {import("tf-stele").LoadOptions}
 */
function configuration(config) {
  if (!config.startsWith("hex:")) return { profile: /** @type {any} */ (config) };
  const digits = config.slice("hex:".length);
  if (!/^([0-9a-f]{2})*$/i.test(digits)) {
    throw new SteleError(
      "INVALID_ARGUMENT",
      `config "${config}" is no hexadecimal number of bytes`,
    );
  }
  return { config: Uint8Array.from(Buffer.from(digits, "hex")) };
}

const verbs = verbsOf({
  id: "js-node",
  dtypes: Object.keys(DTYPES),
  versions: async () => ({ tensorflow: await tensorflowVersion().catch(() => "") }),
  load: (dir, tags, config) => Model.load(dir, { tags, ...configuration(config) }),
});

await serve(verbs);
await verbs.unload.run();
