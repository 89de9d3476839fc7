// What a page shows, for a terminal.

import { startBrowser } from "./browser.js";
import { serveFolders } from "./server.js";

/**
 * @param {Record<string, string>} folders to serve, by path
 * @param {string} path of the page
 * @returns {Promise<string>} the text of its first `pre`, once there is any
 * @throws {Error} what the page does not catch; there is no text within half a minute
 */
export async function show(folders, path) {
  const server = await serveFolders(folders);
  const browser = await startBrowser();
  try {
    const page = await browser.open();
    // Such as a module that is not there, which the page itself is not told.
    page.on("console", (message) => message.type() === "error" && console.error(message.text()));
    const failed = new Promise((_, reject) => page.once("pageerror", reject));
    const shown = async () => {
      const response = await page.goto(new URL(path, server.origin).href);
      if (!response?.ok()) throw new Error(`no page at ${path}`);
      const lines = page.locator("pre:not(:empty)").first();
      await lines.waitFor();
      return (await lines.textContent()) ?? "";
    };
    return await /** @type {Promise<string>} */ (Promise.race([shown(), failed]));
  } finally {
    await browser.close();
    server.close();
  }
}
