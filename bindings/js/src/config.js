// Session configurations: serialized ConfigProtos, the useful ones by name.

import { SteleError } from "./errors.js";
import { isUint8Array } from "./typed-array.js";

const EXECUTOR = new TextEncoder().encode("SINGLE_THREADED_EXECUTOR");

/**
 * The named profiles. They change how long a call takes, and not its bits, unless there are
 * subnormal numbers: TensorFlow flushes those to zero in its pool's threads, not in the caller's.
 *
 * - `default`: TensorFlow's own choice.
 * - `inline`: ops run in the caller's thread; best for small models.
 * - `single`: TensorFlow's executor without locks, for one thread.
 */
const PROFILES = {
  default: Uint8Array.of(),
  // inter_op_parallelism_threads (field 5) = -1
  inline: Uint8Array.of(0x28, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01),
  // experimental (field 16) { executor_type (field 3) }
  single: Uint8Array.of(
    ...[0x82, 0x01, EXECUTOR.length + 2],
    ...[0x1a, EXECUTOR.length],
    ...EXECUTOR,
  ),
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
    const names = Object.keys(PROFILES).map((name) => `"${name}"`);
    throw new SteleError(
      "INVALID_ARGUMENT",
      `no config profile "${profile}"; there are ${names.join(", ")}`,
    );
  }
  return PROFILES[profile];
}
