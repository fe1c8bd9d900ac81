/** Wraps a program so that its outputs are had from its own return value, without asking the CLI for them again. */
import * as pulumi from "@pulumi/pulumi";

export interface CapturedOutputs {
  outputs: Record<string, unknown>;
  /** Secret ones; what is not text is given as JSON. */
  secretOutputs: Record<string, string>;
}

type ProgramFunction = () => Promise<object>;

export interface CapturedProgram {
  program: () => Promise<Record<string, unknown>>;
  /** Whether the program threw, and what. */
  error(): string | undefined;
  /** Values of the last run; call it when the engine reported success. */
  outputs(): Promise<CapturedOutputs>;
}

/**
 * Captures a program.
 * @param before awaited at the start of each run; its rejection is the program's
 */
export function captureProgram(inner: ProgramFunction, before: () => Promise<void>): CapturedProgram {
  let resolved: Promise<[string, { value: unknown; secret: boolean }][]> = Promise.resolve([]);
  let error: string | undefined;
  return {
    program: async () => {
      error = undefined;
      try {
        await before();
        const returned = (await inner()) as Record<string, unknown>;
        resolved = Promise.all(Object.entries(returned).map(async ([name, value]) => [name, await settle(value)]));
        // A resource that fails rejects its outputs; the engine reports that, and the values are then not asked for.
        resolved.catch(() => undefined);
        return returned;
      } catch (thrown) {
        error = thrown instanceof Error ? thrown.message : String(thrown);
        throw thrown;
      }
    },
    error: () => error,
    outputs: async () => {
      const captured: CapturedOutputs = { outputs: {}, secretOutputs: {} };
      for (const [name, { value, secret }] of await resolved) {
        if (secret) captured.secretOutputs[name] = typeof value === "string" ? value : JSON.stringify(value);
        else captured.outputs[name] = value;
      }
      return captured;
    },
  };
}

async function settle(value: unknown): Promise<{ value: unknown; secret: boolean }> {
  const output = pulumi.output(value) as pulumi.Output<unknown> & {
    promise(): Promise<unknown>;
    isSecret: Promise<boolean>;
  };
  return { value: await output.promise(), secret: await output.isSecret };
}
