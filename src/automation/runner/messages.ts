/** What worker and runner say to each other over the runner's IPC channel. */
import { z } from "zod";
import { ProgramInput } from "../../domain/program-input.ts";
import { EngineEvent } from "../events.ts";

export const RunnerJob = z.strictObject({
  operationId: z.string(),
  stackName: z.string(),
  initialize: z.boolean(),
  verb: z.enum(["up", "preview", "destroy", "refresh"]),
  program: ProgramInput,
  testApps: z.boolean(),
  refresh: z.boolean(),
  clearPendingCreates: z.boolean(),
  targets: z.array(z.string()),
  previewFirst: z.boolean(),
  mayLose: z.union([z.array(z.string()), z.literal("all")]),
  secretsKey: z.string(),
  secretValues: z.array(z.string()),
  argv: z.array(z.string()).optional(),
  cli: z.strictObject({
    binary: z.string(),
    /** The whole environment of the CLI, apart from what the runner adds: its key endpoint. */
    env: z.record(z.string(), z.string()),
    parallel: z.number().int().positive(),
  }),
  /** Folder of this operation, 0700, removed by the worker afterwards. */
  scratch: z.string(),
});
export type RunnerJob = z.infer<typeof RunnerJob>;

export const RunnerRequest = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("run"), job: RunnerJob }),
  /** Sent at most once: SIGINT to the CLI. */
  z.strictObject({ kind: z.literal("interrupt") }),
]);
export type RunnerRequest = z.infer<typeof RunnerRequest>;

export const CliFailure = z.object({
  /** The CLI's words without terminal colours, secrets removed; for errors.ts and the operator's log only. */
  stderr: z.string(),
  stdout: z.string(),
  exitCode: z.number().nullable(),
  signal: z.string().nullable(),
});
export type CliFailure = z.infer<typeof CliFailure>;

export const RunnerOutcome = z.object({
  outcome: z.enum(["succeeded", "failed", "interrupted"]),
  outputs: z.record(z.string(), z.unknown()),
  secretOutputs: z.record(z.string(), z.string()),
  changes: z.record(z.string(), z.number()),
  cli: CliFailure.optional(),
  /** What an operator's line printed, secrets removed. */
  output: z.string().optional(),
  /** What the program itself threw. */
  programError: z.string().optional(),
  /** Stateful URNs the interlock stopped the run for. */
  dataLoss: z.array(z.string()),
});
export type RunnerOutcome = z.infer<typeof RunnerOutcome>;

export const RunnerMessage = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("ready") }),
  z.object({ kind: z.literal("process"), pid: z.number().int(), startTime: z.string() }),
  z.object({ kind: z.literal("event"), event: EngineEvent }),
  z.object({ kind: z.literal("ended"), outcome: RunnerOutcome }),
  z.object({ kind: z.literal("fault"), message: z.string() }),
]);
export type RunnerMessage = z.infer<typeof RunnerMessage>;
