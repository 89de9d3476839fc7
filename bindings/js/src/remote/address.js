// Where a server is. Which addresses there are is said for all languages by
// bindings/contract/addresses.tsv.

import { BlockList, isIPv4, isIPv6 } from "node:net";
import { SteleError } from "../errors.js";

/** `host:port`, and what may stand around it. */
const ADDRESS = /^(?:(https?):\/\/)?((?:\[([^\]]*)\]|[a-z0-9._-]+):([1-9][0-9]{0,4}))\/?$/i;
const MAX_PORT = 65535;

const LOOPBACK = new BlockList();
LOOPBACK.addSubnet("127.0.0.0", 8);
LOOPBACK.addAddress("::1", "ipv6");

/**
 * @param {string} address `host:port`, alone or as a URL of http or https
 * @param {boolean} tls whether the caller trusts certificates
 * @returns {string} `host:port`; an IPv6 address in brackets
 * @throws {SteleError} INVALID_ARGUMENT: it is none, or its scheme says otherwise than `tls`
 */
export function hostAndPort(address, tls) {
  const [, scheme, server, ip, port] = ADDRESS.exec(String(address)) ?? [];
  if (server === undefined || Number(port) > MAX_PORT || !(ip === undefined || isAddress(ip))) {
    throw refused(address, "is not host:port");
  }
  const speaksTls = scheme === undefined ? tls : scheme.toLowerCase() === "https";
  if (speaksTls && !tls) {
    throw refused(address, "is of a server that speaks TLS, which takes root certificates");
  }
  if (tls && !speaksTls) {
    throw refused(address, "is of a server without TLS, which takes no certificates");
  }
  return server;
}

/**
 * @param {string} server `host:port`
 * @returns {boolean} whether it is this machine itself, which no proxy reaches
 */
export function isLoopback(server) {
  const host = server.slice(0, server.lastIndexOf(":")).replace(/^\[|\]$/g, "");
  if (isIPv4(host)) return LOOPBACK.check(host);
  if (isIPv6(host)) return LOOPBACK.check(host, "ipv6");
  return /^(?:.*\.)?localhost$/i.test(host);
}

/** @param {string} ip without brackets; a zone is a matter of one machine */
function isAddress(ip) {
  return isIPv6(ip) && !ip.includes("%");
}

/**
 * @param {string} address
 * @param {string} what
 * @returns {SteleError}
 */
function refused(address, what) {
  return new SteleError("INVALID_ARGUMENT", `address "${address}" ${what}`);
}
