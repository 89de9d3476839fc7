// Messages as bytes.

import { PbfReader, PbfWriter } from "pbf";

/**
 * @template T
 * @param {(message: T, writer: PbfWriter) => void} write generated
 * @param {T} message
 * @param {number} [room] bytes that the message will about need, so that they are written once
 * @returns {Buffer}
 */
export function encode(write, message, room = 64) {
  const writer = new PbfWriter(new Uint8Array(room));
  write(message, writer);
  const { buffer, byteOffset, byteLength } = writer.finish();
  return Buffer.from(buffer, byteOffset, byteLength);
}

/**
 * @template T
 * @param {(reader: PbfReader, end: number) => T} read generated
 * @param {Uint8Array} bytes
 * @returns {T}
 * @throws {Error} the bytes are no such message
 */
export function decode(read, bytes) {
  const reader = new PbfReader(bytes);
  const message = read(reader, bytes.length);
  // The reader steps over an end that comes too early, or stops at a byte that
  // begins no field.
  if (reader.pos !== bytes.length) {
    throw new RangeError("the message does not end with its last field");
  }
  return message;
}
