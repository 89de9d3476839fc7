// Session configurations: serialized ConfigProtos, the useful ones by name.

import { SteleError } from "./errors.js";
import { isUint8Array } from "./typed-array.js";

const EXECUTOR = new TextEncoder().encode("SINGLE_THREADED_EXECUTOR");

// allow_soft_placement (field 7) = true: an op whose device is not there runs on the CPU.
const SOFT_PLACEMENT = [0x38, 0x01];

/**
 * The named profiles. But for `python` they change how long a call takes, and not its bits, unless
 * there are subnormal numbers: TensorFlow flushes those to zero in its pool's threads, not in the
 * caller's.
 *
 * - `default`: TensorFlow's own choice.
 * - `inline`: ops run in the caller's thread; best for small models.
 * - `single`: TensorFlow's executor without locks, for one thread.
 * - `python`: the graph as it was written, with the bits of the function in Python.
 */
const PROFILES = {
  default: Uint8Array.of(...SOFT_PLACEMENT),
  // inter_op_parallelism_threads (field 5) = -1
  inline: Uint8Array.of(
    ...[0x28, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01],
    ...SOFT_PLACEMENT,
  ),
  // experimental (field 16) { executor_type (field 3) }
  single: Uint8Array.of(
    ...SOFT_PLACEMENT,
    ...[0x82, 0x01, EXECUTOR.length + 2],
    ...[0x1a, EXECUTOR.length],
    ...EXECUTOR,
  ),
  // graph_options (field 10) { rewrite_options (field 10) { disable_meta_optimizer (field 19) = true } }
  python: Uint8Array.of(...SOFT_PLACEMENT, ...[0x52, 0x05, 0x52, 0x03, 0x98, 0x01, 0x01]),
};

/** @typedef {keyof typeof PROFILES} Profile */

/**
 * @param {Profile} [profile]
 * @param {Uint8Array} [config] a serialized ConfigProto
 * @returns {Uint8Array} a serialized ConfigProto
 * @throws {SteleError} INVALID_ARGUMENT: no such profile, or both a profile and a config
 */
export function configBytes(profile, config) {
  if (config !== undefined) {
    if (profile !== undefined) {
      throw new SteleError("INVALID_ARGUMENT", "give a profile or a config, not both");
    }
    if (!isUint8Array(config)) {
      throw new SteleError("INVALID_ARGUMENT", "config is no Uint8Array");
    }
    return config;
  }
  if (profile === undefined) return PROFILES.default;
  if (!Object.hasOwn(PROFILES, profile)) {
    const names = Object.keys(PROFILES).sort();
    throw new SteleError(
      "INVALID_ARGUMENT",
      `no profile "${profile}"; there are ${names.map((name) => `"${name}"`).join(", ")}`,
    );
  }
  return PROFILES[profile];
}
