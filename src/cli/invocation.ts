/** What a running command is given: its words, the settings in force, the terminal and the API. */
import type { Api } from "./api/client.ts";
import type { ConfigFile } from "./config/config-file.ts";
import type { GlobalFlags, Settings } from "./config/settings.ts";
import type { ControlPlane } from "./control-plane/port.ts";
import type { Io } from "./io.ts";
import type { Output } from "./output/output.ts";

export type OptionValue = string | boolean | readonly string[] | undefined;

export interface Invocation {
  /** The command as typed, without `onvera`: `ops get`. */
  readonly command: string;
  readonly args: readonly (string | undefined)[];
  readonly options: Readonly<Record<string, OptionValue>>;
  readonly flags: GlobalFlags;
  readonly io: Io;
  readonly output: Output;
  readonly settings: Settings;
  readonly config: { readonly path: string; read(): ConfigFile; write(config: ConfigFile): void };
  /** The API with the caller's key. @throws CliError `not authenticated. …` when there is no key */
  api(): Api;
  /** The API at another address or with another credential, or none. */
  apiWith(options: { url?: string; credential?: string; bearer?: boolean }): Api;
  /** The verbs that run this machine's control plane, loaded when first asked for. */
  controlPlane(): Promise<ControlPlane>;
}

/** A text option's value; undefined when it was not given. */
export function text(invocation: Invocation, name: string): string | undefined {
  const value = invocation.options[name];
  return typeof value === "string" ? value : undefined;
}

/** The value of an option or argument with a closed set of choices, which commander has checked. */
export const choice = <T extends string>(invocation: Invocation, name: string): T | undefined =>
  text(invocation, name) as T | undefined;

/** Whether a yes-or-no option was given. */
export const isSet = (invocation: Invocation, name: string): boolean => invocation.options[name] === true;

/** Whether the `--no-…` form of an option was given. */
export const isRefused = (invocation: Invocation, name: string): boolean => invocation.options[name] === false;

/** All values of an option that may be given several times. */
export function list(invocation: Invocation, name: string): readonly string[] {
  const value = invocation.options[name];
  return Array.isArray(value) ? value : [];
}

/** A required argument; commander has already refused its absence. */
export const argument = (invocation: Invocation, index: number): string => invocation.args[index] ?? "";
