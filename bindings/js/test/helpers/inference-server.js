// A gRPC server in the test: says what it was asked, and answers as its handlers do.
// Its messages are protobufjs's, from the same .proto files: not the client's code.

import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Metadata, Server, ServerCredentials, status } from "@grpc/grpc-js";
import protobuf from "protobufjs";

const PROTO = fileURLToPath(new URL("../../../../proto/", import.meta.url));

const root = new protobuf.Root();
root.resolvePath = (_, file) => join(PROTO, file.replace(PROTO, ""));
root.loadSync(["open_inference.proto", "tensorflow_serving.proto"], { keepCase: true });

const SERVICES = ["inference.GRPCInferenceService", "tensorflow.serving.PredictionService"];

/**
 * @param {string} name with its package
 * @param {object} fields
 * @returns {Buffer} the message
 */
export function encode(name, fields) {
  const type = root.lookupType(name);
  return Buffer.from(type.encode(type.fromObject(fields)).finish());
}

/**
 * @param {string} name with its package
 * @param {Uint8Array} bytes
 * @returns {any} the message's fields; 64-bit integers as text
 */
export function decode(name, bytes) {
  const type = root.lookupType(name);
  return type.toObject(type.decode(bytes), { longs: String, defaults: true });
}

/** What a method answers with, when it is an error. */
export class Failure {
  /**
   * @param {keyof typeof status} code
   * @param {string} details
   */
  constructor(code, details) {
    this.code = status[code];
    this.details = details;
  }
}

/**
 * @typedef {(request: any) => object | Buffer | Failure | Promise<object | Buffer | Failure>} Handler
 *   fields of the response, or its bytes
 */

/**
 * @param {Record<string, Handler>} handlers by method; the others are UNIMPLEMENTED
 * @param {{ credentials?: ServerCredentials, port?: number }} [options]
 * @returns {Promise<{ address: string, close: () => void }>} on the loopback interface
 */
export async function startServer(handlers, { credentials, port = 0 } = {}) {
  const server = new Server({ "grpc.max_receive_message_length": -1 });
  for (const service of SERVICES) {
    for (const method of root.lookupService(service).methodsArray) {
      const handler = handlers[method.name];
      if (handler !== undefined) addMethod(server, service, method, handler);
    }
  }
  /** @type {number} */
  const bound = await new Promise((resolve, reject) => {
    const chosen = credentials ?? ServerCredentials.createInsecure();
    server.bindAsync(`127.0.0.1:${port}`, chosen, (error, number) =>
      error ? reject(error) : resolve(number),
    );
  });
  return { address: `127.0.0.1:${bound}`, close: () => server.forceShutdown() };
}

/**
 * @param {Server} server
 * @param {string} service
 * @param {protobuf.Method} method
 * @param {Handler} handler
 */
function addMethod(server, service, { name, requestType, responseType }, handler) {
  const [scope] = service.split(/\.(?=[^.]+$)/);
  server.register(
    `/${service}/${name}`,
    async (/** @type {any} */ call, /** @type {any} */ callback) => {
      const answer = await handler(call.request);
      if (answer instanceof Failure) callback({ ...answer, metadata: new Metadata() });
      else callback(null, answer);
    },
    (/** @type {any} */ answer) =>
      Buffer.isBuffer(answer) ? answer : encode(`${scope}.${responseType}`, answer),
    (/** @type {Buffer} */ bytes) => decode(`${scope}.${requestType}`, bytes),
    "unary",
  );
}

/**
 * @param {Record<string, object>} signatures SignatureDefs by name
 * @returns {Handler} for GetModelMetadata
 */
export function metadataOf(signatures) {
  const value = encode("tensorflow.serving.SignatureDefMap", { signature_def: signatures });
  const type_url = "type.googleapis.com/tensorflow.serving.SignatureDefMap";
  return () => ({ metadata: { signature_def: { type_url, value } } });
}

/**
 * @param {string} endpoint
 * @param {number} dtype TensorFlow's number
 * @param {(number | null)[] | null} dims null where unknown
 * @returns {object} a TensorInfo
 */
export function tensorInfo(endpoint, dtype, dims) {
  const tensor_shape =
    dims === null ? { unknown_rank: true } : { dim: dims.map((size) => ({ size: size ?? -1 })) };
  return { name: endpoint, dtype, tensor_shape };
}
