// A headless browser with one page, and an end to both.

import { chromium } from "playwright-core";
import { FLAGS, findChromium } from "./chromium.js";

/**
 * @typedef {object} Browser
 * @property {string} version such as `156.0.8078.79`
 * @property {import("playwright-core").Page} page
 * @property {() => Promise<void>} close
 */

/**
 * Starts a browser with a profile of its own that is removed afterwards. It ends with this process,
 * however that ends: it watches the pipe through which it is driven.
 *
 * @param {import("playwright-core").BrowserContextOptions} [options] of the page
 * @returns {Promise<Browser>}
 */
export async function openBrowser(options = {}) {
  const browser = await chromium.launch({ executablePath: findChromium(), args: FLAGS });
  const context = await browser.newContext(options);
  const page = await context.newPage();
  return { version: browser.version(), page, close: () => browser.close() };
}
