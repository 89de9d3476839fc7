// What kind of typed array a value is, also for one made in another realm. Plain
// JavaScript: the checks that stand on it run in browsers as well.

/** The name of a typed array's class; undefined for anything else. */
export const typedArrayName = /** @type {(value: unknown) => string | undefined} */ (
  Function.prototype.call.bind(
    /** @type {() => string} */ (
      Object.getOwnPropertyDescriptor(
        Object.getPrototypeOf(Uint8Array.prototype),
        Symbol.toStringTag,
      )?.get
    ),
  )
);

/**
 * @param {unknown} value
 * @returns {value is Uint8Array}
 */
export function isUint8Array(value) {
  return typedArrayName(value) === "Uint8Array";
}
