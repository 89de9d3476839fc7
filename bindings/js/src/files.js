// Reading a model's files: whatever stands in the place of one, a load neither
// waits for it nor reads without end.

import { constants } from "node:fs";
import { open } from "node:fs/promises";
import { SteleError } from "./errors.js";
import { systemError } from "./system-error.js";

const LFS_POINTER = Buffer.from("version https://git-lfs.github.com/spec/");
/** The most that a protocol buffer may have. */
const MAX_BYTES = 2 ** 31 - 1;

/**
 * @param {string} path
 * @returns {Promise<Buffer>}
 * @throws {SteleError} DATA_LOSS: not a regular file, larger than 2 GiB, or a Git LFS pointer; else
 *   the system's
 */
export function readRegularFile(path) {
  return withRegularFile(path, async (file, size) => {
    if (size > MAX_BYTES) {
      throw new SteleError(
        "DATA_LOSS",
        `"${path}" is larger than 2 GiB, which no SavedModel can be`,
      );
    }
    const bytes = await file.readFile();
    requireNoPointer(path, bytes);
    return bytes;
  });
}

/**
 * Checks that a file is one that TensorFlow may read.
 *
 * @param {string} path
 * @returns {Promise<void>}
 * @throws {SteleError} DATA_LOSS: not a regular file, or a Git LFS pointer; else the system's
 */
export function requireRegularFile(path) {
  return withRegularFile(path, async (file) => {
    const head = Buffer.alloc(LFS_POINTER.length);
    await file.read(head, 0, head.length, 0);
    requireNoPointer(path, head);
  });
}

/**
 * @template T
 * @param {string} path
 * @param {(file: import("node:fs/promises").FileHandle, size: number) => Promise<T>} use
 * @returns {Promise<T>}
 */
async function withRegularFile(path, use) {
  let file;
  try {
    // Without O_NONBLOCK the open of a FIFO waits for its writer.
    file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const stat = await file.stat();
    if (!stat.isFile()) throw notRegular(path);
    return await use(file, stat.size);
  } catch (error) {
    if (error instanceof SteleError) throw error;
    const { code } = /** @type {NodeJS.ErrnoException} */ (error);
    if (code === "ENXIO") throw notRegular(path, error); // a socket, which cannot be opened
    throw systemError(error, path);
  } finally {
    await file?.close();
  }
}

/**
 * @param {string} path
 * @param {unknown} [cause]
 * @returns {SteleError}
 */
function notRegular(path, cause) {
  return new SteleError("DATA_LOSS", `"${path}" is not a regular file`, { cause });
}

/**
 * @param {string} path
 * @param {Buffer} bytes of its beginning
 */
function requireNoPointer(path, bytes) {
  if (!bytes.subarray(0, LFS_POINTER.length).equals(LFS_POINTER)) return;
  throw new SteleError(
    "DATA_LOSS",
    `"${path}" is a Git LFS pointer, not the file; run: git lfs pull`,
  );
}
