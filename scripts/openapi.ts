/** Writes openapi.json from the declared routes, or checks that the committed one is what they say. */
import { readFile, writeFile } from "node:fs/promises";
import { declaredRoutes } from "../src/server/contracts/registry.ts";
import { openApiDocument } from "../src/server/openapi.ts";

const target = "openapi.json";
const { version } = JSON.parse(await readFile("package.json", "utf8")) as { version: string };
const wanted = `${JSON.stringify(openApiDocument(version, declaredRoutes), null, 2)}\n`;

if (process.argv[2] === "check") {
  const committed = await readFile(target, "utf8").catch(() => "");
  if (committed !== wanted) {
    console.error(`${target} is not what the routes say. Run 'node scripts/openapi.mjs generate' and commit it.`);
    process.exitCode = 1;
  }
} else {
  await writeFile(target, wanted);
}
