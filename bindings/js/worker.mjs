// The worker of binding `js-node`: worker protocol 1, level 5, on the public
// surface of tf-stele. bindings/contract/PROTOCOL.md is the specification.

import { DTYPES, Model, tensorflowVersion } from "tf-stele";
import { configuration } from "./protocol/config.js";
import { serve } from "./protocol/loop.js";
import { verbsOf } from "./protocol/verbs.js";

const verbs = verbsOf({
  id: "js-node",
  dtypes: Object.keys(DTYPES),
  versions: async () => ({ tensorflow: await tensorflowVersion().catch(() => "") }),
  load: (dir, tags, config) => Model.load(dir, { tags, ...configuration(config) }),
});

await serve(verbs);
await verbs.unload.run();
