// The page in a real browser, as people use it: drawing, by keyboard, on a phone,
// without a network, and without Python behind it.

import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { startBrowser } from "../../web/host/browser.js";
import { serveFolders } from "../../web/host/server.js";
import { complaints } from "../../web/test/helpers/axe.js";
import { BUILD, requireDigits } from "../../web/test/helpers/environment.js";
import { NO_PAGE, steleWeb } from "./helpers/stele-web.js";

/** @typedef {Awaited<ReturnType<typeof startBrowser>>} Browser */
/** @typedef {Awaited<ReturnType<Browser["open"]>>} Page */

requireDigits();

const OUT = join(BUILD, "web");

/** A seven, from 0 to 1 across the surface. */
const SEVEN = [
  [0.3, 0.2],
  [0.72, 0.2],
  [0.62, 0.4],
  [0.52, 0.6],
  [0.42, 0.88],
];

/** @type {Awaited<ReturnType<typeof steleWeb>>} */
let python;
/** @type {string} what it prints: where the page is */
let live;
/** @type {Awaited<ReturnType<typeof serveFolders>>} */
let files;
/** @type {Browser} */
let browser;

before(async () => {
  if (NO_PAGE) return;
  browser = await startBrowser();
  python = await steleWeb("digits");
  live = python.line;
  files = await serveFolders({ "/": OUT });
});
after(async () => {
  if (NO_PAGE) return;
  await browser.close();
  files.close();
  await python.stop();
});

/**
 * Opens the page. Whatever it asks of another machine is refused, and told.
 *
 * @param {string} url
 * @param {Parameters<Browser["open"]>[0]} options
 * @param {(page: Page) => Promise<void>} use
 */
async function open(url, options, use) {
  const page = await browser.open(options);
  try {
    /** @type {string[]} */
    const abroad = [];
    /** @type {string[]} */
    const errors = [];
    page.on("pageerror", (error) => errors.push(error.message));
    await page.context().route("**", (route) => {
      const { protocol, hostname } = new URL(route.request().url());
      if (protocol === "data:" || protocol === "blob:" || hostname === "127.0.0.1") {
        return route.continue();
      }
      abroad.push(route.request().url());
      return route.abort();
    });
    await page.goto(url);
    await page.waitForSelector("html[data-ready]", { timeout: 30_000 });
    await use(page);
    assert.deepEqual(errors, []);
    assert.deepEqual(abroad, []);
  } finally {
    await page.context().close();
  }
}

/**
 * @param {Page} page
 * @param {number[][]} points
 */
async function draw(page, points) {
  const box = await page.locator("#surface").boundingBox();
  assert.ok(box);
  const [first, ...rest] = points.map(([x, y]) => [box.x + x * box.width, box.y + y * box.height]);
  await page.mouse.move(first[0], first[1]);
  await page.mouse.down();
  for (const [x, y] of rest) await page.mouse.move(x, y, { steps: 5 });
  await page.mouse.up();
}

/**
 * @param {Page} page
 * @returns {Promise<{ digit: string, best: number, parts: number[], ulps: string[] }>} what it shows
 */
async function shown(page) {
  const rows = page.locator("#bars tr");
  const parts = await rows.evaluateAll((all) =>
    all.map((row) =>
      Number(
        /** @type {HTMLElement} */ (row.querySelector(".bar.here")).style.getPropertyValue(
          "--part",
        ),
      ),
    ),
  );
  const digit = (await page.locator("#digit").textContent()) ?? "";
  const ulps = await page.locator("#bars .ulp").allTextContents();
  return { digit, best: parts.indexOf(Math.max(...parts)), parts, ulps };
}

/**
 * @param {Page} page
 * @returns {Promise<boolean>} whether there is ink in the middle of the surface
 */
function isInked(page) {
  return page.locator("#surface").evaluate((/** @type {HTMLCanvasElement} */ canvas) => {
    const middle = canvas.width >> 1;
    const image = canvas.getContext("2d")?.getImageData(middle, middle, 1, 1);
    return image !== undefined && image.data[3] > 0;
  });
}

describe("with Python behind it", { skip: NO_PAGE }, () => {
  test("a drawn seven moves the bars, and Python says the same", async () => {
    await open(live, { viewport: { width: 1280, height: 900 } }, async (page) => {
      await page.click("#clear");
      assert.equal((await shown(page)).digit, "?");
      await draw(page, SEVEN);
      await page.waitForSelector("#best-ulp");
      const { digit, best, parts, ulps } = await shown(page);
      assert.deepEqual([digit, best], ["7", 7]);
      assert.ok(parts[7] > 0.5, String(parts));
      assert.ok(Math.abs(parts.reduce((a, b) => a + b) - 1) < 1e-5);
      assert.match((await page.locator("#verdict").textContent()) ?? "", /Python says the same/);
      assert.match((await page.locator("#python").textContent()) ?? "", /live/);
      // The prediction itself; the tail of a softmax may be further, which is shown too.
      const apart = (await page.locator("#best-ulp").textContent()) ?? "";
      assert.match(apart, /^[0-8] ULP$/);
      assert.ok(
        ulps.every((ulp) => /^\d+$/.test(ulp) && Number(ulp) <= 128),
        String(ulps),
      );
      mkdirSync(OUT, { recursive: true });
      await page.screenshot({ path: join(OUT, "screenshot.png"), fullPage: true });
    });
  });

  test("another line makes another answer, before it ends", async () => {
    await open(live, {}, async (page) => {
      await page.click("#clear");
      await draw(page, [
        [0.5, 0.15],
        [0.5, 0.85],
      ]);
      await page.waitForSelector("#best-ulp");
      const before = await shown(page);
      const box = await page.locator("#surface").boundingBox();
      assert.ok(box);
      await page.mouse.move(box.x + box.width * 0.2, box.y + box.height * 0.15);
      await page.mouse.down();
      await page.mouse.move(box.x + box.width * 0.8, box.y + box.height * 0.15, { steps: 8 });
      await page.waitForFunction(
        (old) => document.querySelector("#digit")?.textContent !== old,
        before.digit,
      );
      assert.notDeepEqual((await shown(page)).parts, before.parts);
      await page.mouse.up();
    });
  });

  test("every sample is read as Python reads it", async () => {
    await open(live, {}, async (page) => {
      const samples = page.locator(".sample");
      assert.equal(await samples.count(), 10);
      let right = 0;
      for (let digit = 0; digit < 10; digit++) {
        await page.click("#clear");
        await samples.nth(digit).click();
        await page.waitForSelector("#best-ulp");
        const { best } = await shown(page);
        if (best === digit) right++;
        assert.match((await page.locator("#verdict").textContent()) ?? "", /says the same/);
        const apart = (await page.locator("#best-ulp").textContent()) ?? "";
        assert.ok(Number.parseInt(apart, 10) <= 8, `${digit}: ${apart}`);
      }
      assert.ok(right >= 9, `${right} of 10`);
    });
  });

  test("a digit can be drawn by keyboard alone, and is said aloud", async () => {
    await open(live, {}, async (page) => {
      await page.locator("#clear").focus();
      await page.keyboard.press("Enter");
      // The next stop is the pixels: a table is one stop.
      await page.keyboard.press("Tab");
      const cell = () => page.evaluate(() => document.activeElement?.getAttribute("aria-label"));
      assert.equal(await cell(), "row 1, column 1: 0 of 16");
      for (let i = 0; i < 3; i++) await page.keyboard.press("ArrowRight");
      for (let row = 0; row < 8; row++) {
        await page.keyboard.press("Space");
        await page.keyboard.press("Space");
        if (row < 7) await page.keyboard.press("ArrowDown");
      }
      assert.equal(await cell(), "row 8, column 4: 16 of 16");
      await page.waitForSelector("#best-ulp");
      assert.equal((await shown(page)).digit, "1");
      await page.waitForFunction(() =>
        /This page reads 1 /.test(document.querySelector("#spoken")?.textContent ?? ""),
      );
      await page.keyboard.press("Backspace");
      assert.equal(await cell(), "row 8, column 4: 0 of 16");
      await page.keyboard.press("Home");
      assert.equal(await cell(), "row 8, column 1: 0 of 16");
    });
  });

  test("the second panel runs the cases of a model in each runtime", async () => {
    await open(live, {}, async (page) => {
      for (const runtime of ["ONNX", "TensorFlow.js", "LiteRT"]) {
        await page.selectOption("#format", { label: runtime });
        await page.click("#run");
        await page.waitForFunction(
          () =>
            /cases against TensorFlow/.test(document.querySelector("#state")?.textContent ?? ""),
          undefined,
          { timeout: 30_000 },
        );
        const state = (await page.locator("#state").textContent()) ?? "";
        // Those that TensorFlow answers: an empty batch it refuses on some CPUs.
        const rows = await page.locator("#results tr").count();
        assert.ok(rows >= 13 && state.startsWith(`${rows} cases`), state);
        assert.doesNotMatch(state, /NOT AS EXPECTED/, runtime);
        assert.equal(await page.locator("#results .far").count(), 0, runtime);
        // The list is a ratchet: it says nothing of runtimes that are always near.
        assert.ok((await page.locator("#results .listed").count()) > 0, runtime);
        // What is further than 8 ULP says why, and what was not run does too.
        for (const kind of ["listed", "none"]) {
          const reasons = await page.locator(`#results .${kind} td small`).allTextContents();
          assert.ok(
            reasons.every((reason) => reason.trim() !== ""),
            runtime,
          );
        }
      }
    });
  });
});

describe("on any server of files", { skip: NO_PAGE }, () => {
  test("Python's recorded answers are shown for samples, and said to be recorded", async () => {
    await open(`${files.origin}/index.html`, {}, async (page) => {
      await page.locator(".sample").nth(3).click();
      await page.waitForSelector("#best-ulp");
      assert.equal((await shown(page)).digit, "3");
      assert.match((await page.locator("#python").textContent()) ?? "", /recorded/);

      await page.click("#clear");
      await draw(page, SEVEN);
      await page.waitForFunction(() => document.querySelector("#digit")?.textContent === "7");
      await page.waitForFunction(() =>
        /has not answered/.test(document.querySelector("#verdict")?.textContent ?? ""),
      );
      assert.deepEqual((await shown(page)).ulps, Array(10).fill("–"));
    });
  });

  test("opened as a plain file, it says what to do", async () => {
    const page = await browser.open();
    await page.goto(`file://${join(OUT, "index.html")}`);
    const alert = page.getByRole("alert");
    await alert.waitFor();
    assert.match((await alert.textContent()) ?? "", /stele web/);
    await page.context().close();
  });
});

describe("for everybody", { skip: NO_PAGE }, () => {
  for (const colorScheme of /** @type {const} */ (["light", "dark"])) {
    test(`axe finds nothing to complain of, ${colorScheme}`, async () => {
      await open(live, { colorScheme }, async (page) => {
        await page.waitForSelector("#best-ulp");
        await page.click("#run");
        await page.waitForFunction(() =>
          /cases against/.test(document.querySelector("#state")?.textContent ?? ""),
        );
        assert.deepEqual(await complaints(page), []);
      });
    });
  }

  for (const width of [320, 390, 430]) {
    test(`on a phone of ${width} px nothing is cut off, and a finger draws`, async () => {
      const options = { viewport: { width, height: 800 }, hasTouch: true, isMobile: true };
      await open(live, options, async (page) => {
        const widest = await page.evaluate(() => document.documentElement.scrollWidth);
        assert.ok(widest <= width, `${widest} px`);
        await page.tap("#clear");
        const box = await page.locator("#surface").boundingBox();
        assert.ok(box);
        await page.touchscreen.tap(box.x + box.width / 2, box.y + box.height / 2);
        await page.waitForSelector("#best-ulp");
        assert.ok(await isInked(page), "the dot is not seen");
        // The answer is in view while one draws.
        const bars = await page.locator("#bars tr").first().boundingBox();
        assert.ok(bars && bars.y < 800, String(bars?.y));
        await page.screenshot({ path: join(OUT, `screenshot-${width}.png`), fullPage: true });
      });
    });
  }

  test("who wants less motion gets none", async () => {
    await open(live, { reducedMotion: "reduce" }, async (page) => {
      const duration = await page
        .locator(".bar.here")
        .first()
        .evaluate((bar) => getComputedStyle(bar).transitionDuration);
      assert.equal(duration, "0s");
    });
  });
});
