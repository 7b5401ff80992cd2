// The examples in Chromium: node examples.mjs chat|game URL
import assert from "node:assert/strict";
import { chromium } from "playwright-core";

const [which, url] = process.argv.slice(2);
const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox"], timeout: 60_000 });
const wrong = [];
async function open() {
  const page = await browser.newPage();
  page.setDefaultTimeout(60_000);
  page.on("pageerror", (error) => wrong.push(String(error)));
  await page.goto(url);
  return page;
}
try {
  const ann = await open(), bob = await open();
  if (which === "chat") {
    await ann.fill("input", "hello · привет");
    await ann.press("input", "Enter");
    for (const page of [ann, bob]) await page.waitForSelector("li >> text=hello · привет");
    const late = await open(); // gets what was said
    await late.waitForSelector("li >> text=hello · привет");
    // cut off it misses something, and then has that, once
    await late.evaluate(() => { socket.io.opts.reconnectionDelay = 1000; socket.io.engine.close() });
    await bob.fill("input", "one more");
    await bob.press("input", "Enter");
    for (const page of [ann, bob, late]) await page.waitForSelector("li >> text=one more");
    assert.deepEqual(await late.$$eval("li", (all) => all.map((li) => li.textContent)), ["hello · привет", "one more"]);
  } else {
    for (const page of [ann, bob]) await page.waitForFunction(() => document.getElementById("count").textContent === "2");
    const columns = (page) => page.evaluate(() => {
      const { data } = document.getElementById("field").getContext("2d").getImageData(0, 500, 1000, 1);
      return [...Array(1000).keys()].filter((x) => data[4 * x + 3]);
    });
    const before = Math.max(...(await columns(bob)));
    await ann.keyboard.down("ArrowRight");
    await bob.waitForFunction((x) => {
      const { data } = document.getElementById("field").getContext("2d").getImageData(0, 500, 1000, 1);
      return [...Array(1000).keys()].some((i) => i > x + 100 && data[4 * i + 3]);
    }, before);
  }
  assert.deepEqual(wrong, []);
} finally {
  await browser.close();
}
