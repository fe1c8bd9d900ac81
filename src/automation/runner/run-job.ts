/** One job on one stack through the Automation API's own Stack, at one CLI process (two for a new stack). */

import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { LocalWorkspace, Stack } from "@pulumi/pulumi/automation/index.js";
import { PROJECT_NAME } from "../../domain/names.ts";
import { readPulumiLine } from "../../domain/plain-pulumi.ts";
import { programFor } from "../../stacks/program-for.ts";
import { type EngineEvent, engineEvent } from "../events.ts";
import { createScrubber } from "../scrub.ts";
import { captureProgram } from "./captured-program.ts";
import { type CliCommand, CliError, createCliCommand } from "./cli-command.ts";
import { createInterlock } from "./interlock.ts";
import type { RunnerJob, RunnerOutcome } from "./messages.ts";
import { programlessArguments } from "./plain-line.ts";
import { serveTransit, type TransitEndpoint } from "./transit.ts";

export interface RunJobIo {
  onEvent(event: EngineEvent): void;
  onProcess(pid: number, startTime: string): void;
}

export interface RunningJob {
  outcome: Promise<RunnerOutcome>;
  interrupt(): void;
}

/** Starts the job. The outcome rejects only for faults that are not the CLI's or the program's. */
export function runJob(job: RunnerJob, io: RunJobIo): RunningJob {
  let command: CliCommand | undefined;
  let interruptedEarly = false;
  const interrupt = () => {
    interruptedEarly = true;
    command?.interrupt();
  };

  const start = async (): Promise<RunnerOutcome> => {
    const transit = await serveTransit(job.stackName, Buffer.from(job.secretsKey, "base64"));
    try {
      command = createCliCommand({
        ...job.cli,
        env: cliEnvironment(job, transit),
        scratch: job.scratch,
        previewFirst: job.previewFirst,
        plainLine: job.argv,
        onProcess: io.onProcess,
      });
      if (interruptedEarly) command.interrupt();
      return await runWith(job, io, command, transit.encryptedKey);
    } finally {
      await transit.close();
    }
  };
  return { outcome: start(), interrupt };
}

async function runWith(
  job: RunnerJob,
  io: RunJobIo,
  command: CliCommand,
  encryptedKey: string,
): Promise<RunnerOutcome> {
  const scrubber = createScrubber(job.secretValues);
  const interlock = createInterlock(job.mayLose, () => command.interrupt());
  const captured = captureProgram(await programFor(job.program, { testApps: job.testApps }), async () => {
    // The engine asks for the program a second time when its preview is done: nothing was changed yet.
    if (job.previewFirst && !pulumi.runtime.isDryRun()) await interlock.clearance();
  });
  let changes: Record<string, number> = {};
  const onEvent = (raw: Parameters<typeof engineEvent>[0]) => {
    const event = engineEvent(raw);
    if (event === undefined) return;
    if (event.kind === "summary") changes = event.changes;
    interlock.see(event);
    io.onEvent(scrubber.value(event));
  };
  const failure = { outputs: {}, secretOutputs: {}, changes, dataLoss: [] as string[] };
  try {
    const stack = await openStack(job, command, captured.program, encryptedKey);
    if (job.argv !== undefined) {
      const output = await runPlainLine(stack, { job, line: job.argv, command, onEvent });
      return { ...failure, outcome: "succeeded", changes, output: scrubber.text(output) };
    }
    await runVerb(stack, job, onEvent);
    const outputs = job.verb === "up" ? await captured.outputs() : { outputs: {}, secretOutputs: {} };
    return { outcome: "succeeded", ...outputs, changes, dataLoss: [] };
  } catch (error) {
    if (!(error instanceof CliError)) throw error;
    const { stdout, stderr, exitCode, signal } = error;
    const programError = captured.error();
    return {
      ...failure,
      changes,
      outcome: command.interrupted() ? "interrupted" : "failed",
      cli: { stdout: scrubber.text(stdout), stderr: scrubber.text(stderr), exitCode, signal },
      ...(programError === undefined ? {} : { programError: scrubber.text(programError) }),
      dataLoss: interlock.offending(),
    };
  }
}

/** The workspace never asks the CLI what we know already: no version, no select, no outputs, no history. */
async function openStack(
  job: RunnerJob,
  command: CliCommand,
  program: () => Promise<Record<string, unknown>>,
  encryptedKey: string,
): Promise<Stack> {
  const workDir = join(job.scratch, "work");
  const secretsProvider = `hashivault://${job.stackName}`;
  await mkdir(workDir, { recursive: true, mode: 0o700 });
  const workspace = await LocalWorkspace.create({
    workDir,
    program,
    pulumiCommand: command.pulumiCommand,
    projectSettings: { name: PROJECT_NAME, runtime: "nodejs" },
    secretsProvider,
    // `up` and `preview` look for a key endpoint here and nowhere else; the wrapped key in it is no secret.
    stackSettings: { [job.stackName]: { secretsProvider, encryptedKey } },
  });
  workspace.selectStack = async () => undefined;
  const stack = job.initialize
    ? await Stack.create(job.stackName, workspace)
    : await Stack.select(job.stackName, workspace);
  stack.outputs = async () => ({});
  stack.info = async () => undefined;
  return stack;
}

async function runVerb(stack: Stack, job: RunnerJob, onEvent: (event: never) => void): Promise<void> {
  const common = { onEvent: onEvent as (event: unknown) => void, parallel: job.cli.parallel };
  switch (job.verb) {
    case "up":
      // Where `previewFirst` is set, the command below takes --skip-preview out: one process does both.
      await stack.up({ ...common, refresh: job.refresh, ...(job.targets.length > 0 && { target: job.targets }) });
      return;
    case "preview":
      await stack.preview({ ...common, refresh: job.refresh });
      return;
    case "refresh":
      await stack.refresh({ ...common, clearPendingCreates: job.clearPendingCreates, runProgram: true });
      return;
    case "destroy":
      await stack.destroy({ ...common, refresh: job.refresh, runProgram: true });
      return;
  }
}

/** The SDK lends its language server and event stream to lines that run the program. @returns what the CLI printed */
async function runPlainLine(
  stack: Stack,
  { job, line, command, onEvent }: { job: RunnerJob; line: string[]; command: CliCommand; onEvent: unknown },
): Promise<string> {
  if (readPulumiLine(line).runsProgram) {
    return (await stack.up({ onEvent: onEvent as (event: unknown) => void })).stdout;
  }
  return (await command.run(programlessArguments(line, job.stackName), stack.workspace.workDir)).stdout;
}

function cliEnvironment(job: RunnerJob, transit: TransitEndpoint): Record<string, string> {
  return {
    ...job.cli.env,
    VAULT_SERVER_URL: transit.url,
    VAULT_SERVER_TOKEN: transit.token,
    ONVERA_OPERATION: job.operationId,
  };
}
