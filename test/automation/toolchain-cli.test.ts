import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { beforeAll, describe, expect, it } from "vitest";
import { ensurePulumiCli, type PulumiCli } from "../../src/automation/toolchain/ensure-pulumi-cli.ts";
import { createProgress, type ProgressEvent } from "../../src/domain/progress.ts";
import { resolvePaths } from "../../src/local/paths.ts";

const run = promisify(execFile);

describe("the Pulumi CLI of this machine", () => {
  const events: ProgressEvent[] = [];
  let cli: PulumiCli;
  beforeAll(async () => {
    cli = await ensurePulumiCli({ paths: resolvePaths(), progress: createProgress((event) => events.push(event)) });
  });

  it("answers `version` with exactly the SDK's version", async () => {
    const { stdout } = await run(cli.path, ["version"]);
    expect(stdout.trim()).toBe("v3.248.0");
  });
});
