/** What `npm run chaos -- upgrade --from REF` says where that version cannot be built (R13). */
import { mkdtempSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { expect, it } from "vitest";
import { buildOlder } from "../../chaos/upgrade/older-build.ts";

it("an older version that the history does not have, or without any history, is refused with what to do (R13)", async () => {
  const bare = mkdtempSync(path.join(os.tmpdir(), "onvera-no-history-"));
  try {
    for (const [ref, root] of [
      ["no-such-version", undefined],
      ["--output=/tmp/nothing", undefined],
      ["HEAD", bare],
    ] as const) {
      await expect(buildOlder(ref, root)).rejects.toThrow(`has no commit '${ref}'`);
      await expect(buildOlder(ref, root)).rejects.toThrow(/clone with its history/);
    }
  } finally {
    rmSync(bare, { recursive: true });
  }
});
