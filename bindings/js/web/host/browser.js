// A headless browser for programs.

import { chromium } from "playwright-core";
import { FLAGS, findChromium } from "./chromium.js";

/**
 * @typedef {object} Browser
 * @property {string} version such as `156.0.8078.79`
 * @property {(options?: import("playwright-core").BrowserContextOptions) =>
 *   Promise<import("playwright-core").Page>} open a page that shares nothing with others
 * @property {() => Promise<void>} close
 */

/**
 * Starts a browser with a profile of its own that is removed afterwards. It ends with this process,
 * however that ends: it watches the pipe through which it is driven.
 *
 * @returns {Promise<Browser>}
 */
export async function startBrowser() {
  const browser = await chromium.launch({ executablePath: findChromium(), args: FLAGS });
  return {
    version: browser.version(),
    open: async (options) => (await browser.newContext(options)).newPage(),
    close: () => browser.close(),
  };
}
