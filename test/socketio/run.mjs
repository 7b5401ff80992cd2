// Runs the script in Node: node run.mjs URL CLIENT TRANSPORTS [PARSER]
import { script } from "./script.mjs";

const [url, client, transports, parser] = process.argv.slice(2);
const { io } = await import(client);
const options = { transports: transports.split(",") };
if (parser) options.parser = (await import(parser)).default;
const log = await script(io, url, (...b) => Buffer.from(b), options);
process.stdout.write(log.join("\n") + "\n", () => process.exit());
