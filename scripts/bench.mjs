#!/usr/bin/env node
// `npm run bench -- p1 [--json] [--runs 7]`: runs bench/main.ts.
import { runBundled } from "./run-bundled.mjs";

await runBundled({ entry: "bench/main.ts", name: "bench" });
