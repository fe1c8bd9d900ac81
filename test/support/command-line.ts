/** The command line as tests use it: what must succeed, what answers with data, and what a destroy must leave. */
import { readdirSync } from "node:fs";
import path from "node:path";
import { expect } from "vitest";
import { followCommand } from "./followed-command.ts";
import type { CommandResult, Installation } from "./installation.ts";
import { type InstallationAccess, processesNaming } from "./installation-access.ts";

export interface CommandLine {
  /** Runs a command. @throws Error with its output when it does not end well */
  onvera(...args: string[]): Promise<CommandResult>;
  /** Runs a command that answers with a document. */
  // biome-ignore lint/suspicious/noExplicitAny: tests look into documents of every shape.
  data(...args: string[]): Promise<any>;
}

export function commandLine(installation: () => Installation): CommandLine {
  const onvera = async (...args: string[]): Promise<CommandResult> => {
    const result = await installation().onvera(args, { timeoutSeconds: 300 });
    if (result.code === 0) return result;
    throw new Error(`onvera ${args.join(" ")}: code ${result.code}\n${result.stdout}${result.stderr}`);
  };
  return { onvera, data: async (...args) => JSON.parse((await onvera(...args, "-o", "json")).stdout) };
}

/** Runs a command at a terminal, answers its question, and expects it to end well. @returns everything it said */
export async function answerQuestion(
  installation: Installation,
  args: string[],
  { question, answer }: { question: RegExp; answer: string },
): Promise<string> {
  const child = installation.spawnOnvera(args, { terminal: true });
  const command = followCommand(child);
  await command.said(question);
  child.stdin?.write(answer);
  expect(await command.ended, command.output()).toBe(0);
  return command.output();
}

/** Checks with the machine's own means that nothing of a destroyed deployment, the last one, is left. */
export async function expectNothingOf(id: string, { folder }: Installation, access: InstallationAccess): Promise<void> {
  expect(await access.query("SELECT datname FROM pg_database WHERE datname LIKE 'ov\\_%'")).toEqual([]);
  expect(await access.query("SELECT rolname FROM pg_roles WHERE rolname LIKE 'ov\\_%'")).toEqual([]);
  expect(await access.query("SELECT key FROM pulumi.pulumi_state WHERE key LIKE $1", [`%${id}%`])).toEqual([]);
  expect(processesNaming(id)).toEqual([]);
  const files = readdirSync(path.join(folder, "home"), { recursive: true }).map(String);
  expect(files.filter((file) => file.includes(id))).toEqual([]);
}
