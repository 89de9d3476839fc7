// A server of static files on 127.0.0.1, for pages that are driven by a program.
// `stele web` serves those that a person opens.

import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { createServer } from "node:http";
import { extname, join, normalize, sep } from "node:path";

/** @type {Record<string, string>} */
const TYPES = {
  ".css": "text/css",
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript",
  ".json": "application/json",
  ".mjs": "text/javascript",
  ".png": "image/png",
  ".svg": "image/svg+xml",
  ".wasm": "application/wasm",
};

/**
 * @typedef {object} Server
 * @property {string} origin such as `http://127.0.0.1:40123`
 * @property {(prefix: string, folder: string) => void} mount serve a folder below a path
 * @property {() => void} close
 */

/**
 * @param {Record<string, string>} folders by the path below which they are served, such as `/src/`
 * @returns {Promise<Server>}
 */
export async function serveFolders(folders) {
  const mounts = new Map(Object.entries(folders));
  const server = createServer(async (request, response) => {
    const path = decodeURIComponent(new URL(request.url ?? "/", "http://localhost").pathname);
    const file = locate(mounts, path);
    const entry = file === undefined ? undefined : await stat(file).catch(() => undefined);
    if (file === undefined || !entry?.isFile()) {
      response.writeHead(404).end(`no ${path}\n`);
      return;
    }
    response.writeHead(200, {
      "content-type": TYPES[extname(file)] ?? "application/octet-stream",
      "content-length": entry.size,
      // A page that is isolated has a clock of 5 µs, else of 100 µs.
      "cross-origin-opener-policy": "same-origin",
      "cross-origin-embedder-policy": "require-corp",
    });
    createReadStream(file).pipe(response);
  });
  server.unref();
  await new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(undefined)));
  const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
  return {
    origin: `http://127.0.0.1:${port}`,
    mount: (prefix, folder) => mounts.set(prefix, folder),
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

/**
 * @param {Map<string, string>} mounts
 * @param {string} path decoded
 * @returns {string | undefined} the file, which need not exist
 */
function locate(mounts, path) {
  const prefixes = [...mounts.keys()].filter((prefix) => path.startsWith(prefix));
  const prefix = prefixes.sort((a, b) => b.length - a.length)[0];
  if (prefix === undefined) return undefined;
  const below = normalize(path.slice(prefix.length));
  if (below.split(sep)[0] === ".." || path.includes("\0")) return undefined;
  return join(/** @type {string} */ (mounts.get(prefix)), below);
}
