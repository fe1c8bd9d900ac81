/** The program's input as the plain `pulumi` CLI gets it: a file named by ONVERA_SPEC_FILE. */
import { open } from "node:fs/promises";
import { z } from "zod";
import { ProgramInput } from "../domain/program-input.ts";

const REMEDY =
  "Run the command as 'onvera pulumi <command> --stack <deployment id>': it writes the file from the deployment's record and removes it afterwards.";

/** Any permission for group or others. */
const OPEN_TO_OTHERS = 0o077;

/**
 * Reads and checks the program's input.
 * @param path value of ONVERA_SPEC_FILE
 * @throws Error that says what is wrong with the file and what to run instead; never quotes its content, which holds keys
 */
export async function readSpecFile(path: string | undefined): Promise<ProgramInput> {
  if (path === undefined || path === "") {
    throw new Error(`ONVERA_SPEC_FILE is not set, so there is no deployment to describe. ${REMEDY}`);
  }
  const text = await readPrivate(path);
  const parsed = ProgramInput.safeParse(parseJson(path, text));
  if (parsed.success) return parsed.data;
  const fields = z.flattenError(parsed.error).fieldErrors;
  throw new Error(
    `The spec file ${path} does not fit this version of Onvera (${Object.keys(fields).join(", ")}). ${REMEDY}`,
  );
}

async function readPrivate(path: string): Promise<string> {
  const file = await open(path).catch((cause: unknown) => {
    throw new Error(`The spec file ${path} cannot be read. ${REMEDY}`, { cause });
  });
  try {
    // Asked of the open file: what is checked is what is read.
    const { mode } = await file.stat();
    if ((mode & OPEN_TO_OTHERS) !== 0) {
      throw new Error(
        `The spec file ${path} holds keys but others may read it. Remove it, or run: chmod 600 '${path}'`,
      );
    }
    return await file.readFile("utf8");
  } finally {
    await file.close();
  }
}

function parseJson(path: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new Error(`The spec file ${path} is not JSON. ${REMEDY}`);
  }
}
