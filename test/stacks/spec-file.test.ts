import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { readSpecFile } from "../../src/stacks/spec-file.ts";
import { custody, input } from "./fixtures.ts";

describe("the spec file of the plain CLI", () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "onvera-spec-"));
  });
  afterEach(() => rm(folder, { recursive: true }));

  async function specFile(content: string, mode = 0o600): Promise<string> {
    const path = join(folder, "spec.json");
    await writeFile(path, content);
    await chmod(path, mode);
    return path;
  }

  it("gives back exactly what was written", async () => {
    expect(await readSpecFile(await specFile(JSON.stringify(input())))).toEqual(input());
  });

  it.each([undefined, ""])("says what to run where ONVERA_SPEC_FILE is %j", async (path) => {
    await expect(readSpecFile(path)).rejects.toThrow(/ONVERA_SPEC_FILE is not set.*onvera pulumi <command> --stack/);
  });

  it("says what to run where the file is not there", async () => {
    await expect(readSpecFile(join(folder, "none.json"))).rejects.toThrow(/cannot be read.*onvera pulumi/);
  });

  it.each([0o644, 0o640, 0o602])("refuses a file that others may open (mode %o): it holds keys", async (mode) => {
    await expect(readSpecFile(await specFile(JSON.stringify(input()), mode))).rejects.toThrow("chmod 600");
  });

  it("names the fields of another version and quotes no key", async () => {
    const path = await specFile(JSON.stringify({ ...input(), revision: 7, colour: "red" }));
    const error = await readSpecFile(path).catch((cause: Error) => cause);
    expect(error).toMatchObject({ message: expect.stringContaining("(revision)") });
    expect(String(error)).not.toContain(custody.fernet_key);
  });

  it("quotes nothing of a broken file", async () => {
    const error = await readSpecFile(await specFile(`{"custody": "${custody.fernet_key}`)).catch(
      (cause: Error) => cause,
    );
    expect(error).toMatchObject({ message: expect.stringContaining("is not JSON") });
    expect(String(error)).not.toContain(custody.fernet_key);
  });
});
