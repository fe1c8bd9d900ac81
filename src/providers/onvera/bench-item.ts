/** `onvera:bench:Item`: one ledger file per resource, for benchmarks and crash tests with real side effects. */
import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { z } from "zod";
import { type CallContext, type ResourceHandler, resourceHandler } from "../host/resource-handler.ts";
import { BenchItemInputs, onveraTypes } from "./types.ts";

const LedgerEntry = z.object({ stack: z.string(), name: z.string(), size: z.number().int(), payload: z.string() });

/** Files lie at `<ledgerFolder>/<stack>/<name>.json`. */
export function benchItem(ledgerFolder: string): ResourceHandler {
  const pathOf = (name: string, { stackName }: CallContext): string => {
    const safe = [stackName, name].every((part) => /^[A-Za-z0-9_][A-Za-z0-9_.-]*$/.test(part));
    if (!safe) throw new Error(`"${stackName}/${name}" cannot name a ledger file.`);
    return join(ledgerFolder, stackName, `${name}.json`);
  };
  const write = async (inputs: z.output<typeof BenchItemInputs>, context: CallContext): Promise<void> => {
    if (inputs.delayMilliseconds > 0) await delay(inputs.delayMilliseconds);
    const path = pathOf(inputs.name, context);
    const entry = { stack: context.stackName, name: inputs.name, size: inputs.size, payload: "x".repeat(inputs.size) };
    await mkdir(dirname(path), { recursive: true });
    // A reader must never see half a file: the crash tests compare the ledger with the state.
    await writeFile(`${path}.new`, JSON.stringify(entry));
    await rename(`${path}.new`, path);
  };

  return resourceHandler(BenchItemInputs, {
    type: onveraTypes.benchItem,
    replaceOn: ["name"],
    unimportant: ["delayMilliseconds"],
    physicalName: ({ name }) => name,
    create: async (inputs, context) => {
      await write(inputs, context);
      return { id: inputs.name, outputs: {} };
    },
    read: async (id, known, context) => {
      const text = await readFile(pathOf(id, context), "utf8").catch(() => null);
      if (text === null) return null;
      const { name, size } = LedgerEntry.parse(JSON.parse(text));
      return { inputs: { name, size }, outputs: { ...known?.outputs, name, size } };
    },
    update: async (_id, inputs, _known, context) => {
      await write(inputs, context);
      return {};
    },
    delete: async (id, _known, context) => {
      await rm(pathOf(id, context), { force: true });
    },
  });
}
