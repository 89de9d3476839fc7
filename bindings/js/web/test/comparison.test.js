// The page of `stele report` in a real browser, as people read it: by mouse, by keyboard, on a
// phone, by night, on paper, without a script.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { fileURLToPath, pathToFileURL } from "node:url";
import { startBrowser } from "../host/browser.js";
import { complaints } from "./helpers/axe.js";
import { BUILD, PYTHON } from "./helpers/environment.js";

/** @typedef {Awaited<ReturnType<typeof startBrowser>>} Browser */
/** @typedef {Awaited<ReturnType<Browser["open"]>>} Page */

const OUT = join(BUILD, "report", "test");
const FILE = join(OUT, "index.html");
const URL_ = pathToFileURL(FILE).href;
const JOURNAL = fileURLToPath(
  new URL("../../../../python/tests/report/journal.py", import.meta.url),
);

/** @type {Browser} */
let browser;

before(async () => {
  mkdirSync(OUT, { recursive: true });
  const run = join(OUT, "results.jsonl");
  execFileSync(PYTHON, [JOURNAL, run]);
  execFileSync(PYTHON, ["-m", "stele.cli", "report", run, "--out", FILE]);
  browser = await startBrowser();
});
after(() => browser.close());

/**
 * Opens the page, from the disk. Whatever it asks of anything else, or complains of, is told.
 *
 * @param {Parameters<Browser["open"]>[0]} options
 * @param {(page: Page) => Promise<void>} use
 * @param {string} fragment
 */
async function open(options, use, fragment = "") {
  const page = await browser.open(options);
  try {
    /** @type {string[]} */
    const wrong = [];
    page.on("pageerror", (error) => wrong.push(error.message));
    page.on("console", (message) => {
      if (["error", "warning"].includes(message.type())) wrong.push(message.text());
    });
    page.on("request", (request) => {
      if (!/^(data:|file:)/.test(request.url())) wrong.push(request.url());
    });
    await page.goto(URL_ + fragment);
    await use(page);
    assert.deepEqual(wrong, []);
  } finally {
    await page.context().close();
  }
}

/**
 * @param {Page} page
 * @returns {Promise<string[]>} the bindings whose rows of calls are shown
 */
function calls(page) {
  return page
    .locator("section[aria-labelledby=calls-run-a] tr[data-binding]:visible")
    .evaluateAll((rows) =>
      rows.map((row) => /** @type {HTMLElement} */ (row).dataset.binding ?? ""),
    );
}

describe("the comparison", () => {
  test("three questions lead to an answer, which a link keeps", async () => {
    /** @type {string} */
    let kept = "";
    await open({ viewport: { width: 1280, height: 900 } }, async (page) => {
      const answer = page.locator("#answer");
      assert.match((await answer.textContent()) ?? "", /^python-onnx /);
      await page.getByLabel("My language").selectOption("Rust");
      assert.match((await answer.textContent()) ?? "", /^rust .*TensorFlow's in Python/);
      assert.deepEqual(await calls(page), ["rust"]);
      await page.screenshot({ path: join(OUT, "screenshot.png"), fullPage: true });
      kept = new URL(page.url()).hash;
    });
    await open(
      {},
      async (page) => {
        assert.equal(await page.getByLabel("My language").inputValue(), "Rust");
        assert.deepEqual(await calls(page), ["rust"]);
      },
      kept,
    );
  });

  test("rows are found by name, and factors are against the row that one picks", async () => {
    await open({}, async (page) => {
      await page.getByLabel("Binding contains").fill("onnx");
      assert.deepEqual(await calls(page), ["python-onnx"]);
      await page.getByLabel("Factors against").selectOption("rust default one");
      const factor = page.locator("tr[data-binding=python-onnx] td[data-factor]");
      assert.match((await factor.textContent()) ?? "", /^0\.17 ×/);
      assert.match(
        (await page.locator("th[data-versus]").textContent()) ?? "",
        /^over rust default one$/,
      );
    });
  });

  test("a cell of the heat map opens its worst case and the command", async () => {
    await open({}, async (page) => {
      const cell = page.locator("section[aria-labelledby=parity] details", { hasText: "7 ULP" });
      await cell.locator("summary").click();
      await cell.getByText("stele check digits --binding python-onnx --cases one").waitFor();
    });
  });

  test("two programs stand side by side, as they are in the checkout", async () => {
    await open({}, async (page) => {
      await page.getByLabel("One binding").selectOption("c");
      await page.getByLabel("Another binding").selectOption("rust");
      const [left, right] = await page.locator("#code pre").allTextContents();
      assert.match(left, /stele_load/);
      assert.match(right, /fn main\(\)/);
    });
  });

  test("by keyboard alone", async () => {
    await open({}, async (page) => {
      await page.keyboard.press("Tab");
      assert.match(
        await page.evaluate(() => document.activeElement?.textContent ?? ""),
        /Skip to the tables/,
      );
      await page.keyboard.press("Tab");
      await page.keyboard.press("ArrowDown");
      assert.notEqual(await page.getByLabel("My language").inputValue(), "any");
      const focus = await page.evaluate(() => {
        const style = getComputedStyle(/** @type {Element} */ (document.activeElement));
        return style.outlineStyle;
      });
      assert.equal(focus, "solid");
    });
  });

  for (const colorScheme of /** @type {const} */ (["light", "dark"])) {
    test(`axe finds nothing to complain of, ${colorScheme}`, async () => {
      await open({ colorScheme }, async (page) => {
        for (const one of await page.locator("details").all()) {
          await one.evaluate((details) => details.setAttribute("open", ""));
        }
        assert.deepEqual(await complaints(page), []);
      });
    });
  }

  for (const width of [320, 430]) {
    test(`on a phone of ${width} px only tables are wider than the page`, async () => {
      await open({ viewport: { width, height: 800 }, isMobile: true }, async (page) => {
        const widest = await page.evaluate(() => document.documentElement.scrollWidth);
        assert.ok(widest <= width, `${widest} px`);
        await page.screenshot({ path: join(OUT, `phone-${width}.png`) });
      });
    });
  }

  test("on paper there are tables and plots and no questions", async () => {
    await open({}, async (page) => {
      await page.emulateMedia({ media: "print" });
      assert.equal(await page.locator("form").first().isVisible(), false);
      assert.equal(await page.locator("figure svg").first().isVisible(), true);
      assert.ok((await page.pdf()).length > 1000);
    });
  });

  test("without a script the tables and plots are all there", async () => {
    await open({ javaScriptEnabled: false }, async (page) => {
      assert.deepEqual(await calls(page), ["c", "rust", "python-onnx"]);
      assert.equal(await page.locator("figure svg").count(), 3);
      assert.match((await page.locator("#answer").textContent()) ?? "", /Without JavaScript/);
    });
  });
});
