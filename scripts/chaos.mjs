#!/usr/bin/env node
// `npm run chaos -- NAME [--all] [--json]`: runs chaos/main.ts.
import { runBundled } from "./run-bundled.mjs";

await runBundled({ entry: "chaos/main.ts", name: "chaos" });
