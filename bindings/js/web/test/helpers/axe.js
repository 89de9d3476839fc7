// What a checker of accessibility has to say of a page: names, roles, contrast.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const AXE = createRequire(import.meta.url).resolve("axe-core/axe.min.js");

/**
 * @param {import("playwright-core").Page} page
 * @returns {Promise<string[]>} what axe finds
 */
export async function complaints(page) {
  await page.addScriptTag({ content: readFileSync(AXE, "utf8") });
  const { violations } = await page.evaluate(() => /** @type {any} */ (window).axe.run());
  return violations.map(
    (/** @type {{ id: string, nodes: { html: string }[] }} */ { id, nodes }) =>
      `${id}: ${nodes.map(({ html }) => html).join(" ")}`,
  );
}
