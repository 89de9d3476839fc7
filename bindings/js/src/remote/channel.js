// The gRPC channel: retries, message limits, TLS, proxies.

import { SteleError } from "../errors.js";
import { isLoopback } from "./address.js";

/**
 * @typedef {object} ConnectionOptions
 * @property {number} [deadline] milliseconds that a call may take, retries included; for ever unless
 *   given
 * @property {number} [retries] how often a call that finds the server UNAVAILABLE is sent again, after
 *   0.1, 0.2, 0.4 and 0.8 s, each at random up to that; 0 to 4, which is gRPC's own bound; 4 unless
 *   given
 * @property {boolean | { rootCertificate: string | Uint8Array }} [tls] the authority to trust, in PEM;
 *   `true` for those that Node knows; no TLS unless given
 * @property {number} [maxMessage] bytes of a message in either direction; no limit unless given
 */

/** @typedef {typeof import("@grpc/grpc-js")} Grpc */

const MOST_RETRIES = 4;
const UNLIMITED = -1;

// A call whose messages are larger than this buffer, by default 1 MiB, would
// never be sent again.
const RETRY_BUFFER_BYTES = 2 ** 31 - 1;

// By default a channel waits for a second before it connects again: most of a
// call's retries would be over.
const RECONNECT_MS = 100;

/**
 * @param {Grpc} grpc
 * @param {string} server `host:port`
 * @param {ConnectionOptions} options
 * @returns {import("@grpc/grpc-js").Client} which connects with the first call
 * @throws {SteleError} INVALID_ARGUMENT: an option
 */
export function openChannel(grpc, server, { retries = MOST_RETRIES, tls = false, maxMessage }) {
  if (!Number.isInteger(retries) || retries < 0 || retries > MOST_RETRIES) {
    throw new SteleError(
      "INVALID_ARGUMENT",
      `retries is ${retries}, expected 0 to ${MOST_RETRIES}`,
    );
  }
  if (maxMessage !== undefined && !(Number.isInteger(maxMessage) && maxMessage > 0)) {
    throw new SteleError("INVALID_ARGUMENT", `maxMessage is ${maxMessage}, expected bytes`);
  }
  const limit = maxMessage ?? UNLIMITED;
  return new grpc.Client(target(server), credentials(grpc, tls), {
    "grpc.max_send_message_length": limit,
    "grpc.max_receive_message_length": limit,
    // A proxy that the environment names has a loopback of its own.
    "grpc.enable_http_proxy": isLoopback(server) ? 0 : 1,
    "grpc.enable_retries": retries > 0 ? 1 : 0,
    "grpc.retry_buffer_size": RETRY_BUFFER_BYTES,
    "grpc.per_rpc_retry_buffer_size": RETRY_BUFFER_BYTES,
    "grpc.initial_reconnect_backoff_ms": RECONNECT_MS,
    ...(retries > 0 && { "grpc.service_config": serviceConfig(retries) }),
  });
}

/**
 * @param {string} server `host:port`
 * @returns {string} for gRPC, which takes a host such as `unix` for a scheme otherwise
 */
function target(server) {
  return `dns:${server}`;
}

/**
 * @param {import("@grpc/grpc-js").Client} channel
 * @param {string} server that it was opened for
 * @returns {string | undefined} the proxy through which gRPC connects to it: it follows the variables
 *   `grpc_proxy`, `https_proxy`, `http_proxy` and `no_proxy`
 */
export function proxyOf(channel, server) {
  const connectsTo = channel.getChannel().getTarget();
  return connectsTo === target(server) ? undefined : connectsTo.replace(/^dns:/, "");
}

/**
 * gRPC itself says only what the limit is.
 *
 * @param {Uint8Array} request
 * @param {ConnectionOptions} options
 * @throws {SteleError} RESOURCE_EXHAUSTED: it is larger than a message may be
 */
export function requireSendable({ length }, { maxMessage = Infinity }) {
  if (length <= maxMessage) return;
  throw new SteleError(
    "RESOURCE_EXHAUSTED",
    `a request of ${length} bytes is beyond the limit of ${maxMessage}`,
  );
}

/**
 * Safe for every method here: a prediction changes nothing on the server, and a load done twice is a
 * load.
 *
 * @param {number} retries
 * @returns {string} gRPC's service config, in JSON: calls may be sent again if UNAVAILABLE
 */
function serviceConfig(retries) {
  const retryPolicy = {
    maxAttempts: retries + 1,
    initialBackoff: "0.1s",
    maxBackoff: "1s",
    backoffMultiplier: 2,
    retryableStatusCodes: ["UNAVAILABLE"],
  };
  return JSON.stringify({ methodConfig: [{ name: [{}], retryPolicy }] });
}

/**
 * @param {Grpc} grpc
 * @param {NonNullable<ConnectionOptions["tls"]>} tls
 * @returns {import("@grpc/grpc-js").ChannelCredentials}
 * @throws {SteleError} INVALID_ARGUMENT: no certificate in PEM
 */
function credentials(grpc, tls) {
  if (tls === false) return grpc.credentials.createInsecure();
  if (tls === true) return grpc.credentials.createSsl();
  try {
    return grpc.credentials.createSsl(Buffer.from(tls.rootCertificate));
  } catch (cause) {
    const { message } = /** @type {Error} */ (cause);
    throw new SteleError("INVALID_ARGUMENT", `tls.rootCertificate: ${message}`, { cause });
  }
}
