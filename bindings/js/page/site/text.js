// Numbers for people.

/**
 * @param {number} probability
 * @returns {string} such as `99.1 %`
 */
export function percent(probability) {
  if (Number.isNaN(probability)) return "NaN";
  if (probability > 0 && probability < 0.0005) return "< 0.1 %";
  return `${(probability * 100).toFixed(1)} %`;
}

/**
 * @param {number | null | undefined} ulp
 * @returns {string} such as `30 ULP`
 */
export function ulpText(ulp) {
  return ulp === null || ulp === undefined ? "no distance" : `${ulp.toLocaleString("en")} ULP`;
}

/**
 * @param {number} value
 * @returns {string} such as `8.4e-11`
 */
export function small(value) {
  return value === 0 ? "0" : value.toExponential(1);
}

/**
 * @param {number} bytes
 * @returns {string} such as `98 kB`
 */
export function size(bytes) {
  return bytes < 1e6 ? `${Math.round(bytes / 1e3)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}

/**
 * @template {HTMLElement} E
 * @param {string} id
 * @param {new () => E} kind
 * @returns {E} the page's element
 */
export function element(id, kind) {
  const node = document.getElementById(id);
  if (!(node instanceof kind)) throw new Error(`no ${kind.name} #${id}`);
  return node;
}
