#!/usr/bin/env node
// `npm run cluster -- VERB`: runs test/support/cluster/main.ts.
import { runBundled } from "./run-bundled.mjs";

await runBundled({ entry: "test/support/cluster/main.ts", name: "cluster" });
