// Runs the script in Chromium, with the client's own bundle: node page.mjs URL CLIENT TRANSPORTS
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import path from "node:path";
import { chromium } from "playwright-core";

const [url, client, transports] = process.argv.slice(2);
const home = path.dirname(createRequire(import.meta.url).resolve(client + "/package.json"));
const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox"], timeout: 60_000 });
try {
  const page = await browser.newPage();
  page.setDefaultTimeout(60_000);
  await page.goto(url + "/socket.io/"); // a refusal, but of the same origin
  await page.addScriptTag({ content: await readFile(path.join(home, "dist/socket.io.js"), "utf8") });
  const source = (await readFile(new URL("script.mjs", import.meta.url), "utf8")).replace("export ", "");
  const log = await page.evaluate(
    `(async () => { ${source}
      return script(io, ${JSON.stringify(url)}, (...b) => Uint8Array.from(b), { transports: ${JSON.stringify(transports.split(","))} });
    })()`,
  );
  console.log(log.join("\n"));
} finally {
  await browser.close();
}
