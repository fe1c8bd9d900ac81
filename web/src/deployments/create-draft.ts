/** A deployment as the form holds it, the request it becomes, and the command that does the same. */
import type { CreateDeployment } from "../api/types.ts";

/** Where Airflow's tasks run; the service's default first. */
export const executors = ["local", "kubernetes", "celery"] as const;
export type Executor = (typeof executors)[number];

export interface Draft {
  app: "airflow" | "superset";
  name: string;
  environment: string;
  version: string;
  size: "small" | "medium" | "large";
  variables: string;
  requirements: string;
  executor: Executor;
  dagsUrl: string;
  dagsBranch: string;
  isProtected: boolean;
}

export const firstDraft: Draft = {
  app: "superset",
  name: "",
  environment: "",
  version: "",
  size: "small",
  variables: "",
  requirements: "",
  executor: "local",
  dagsUrl: "",
  dagsBranch: "",
  isProtected: false,
};

const lines = (text: string): string[] =>
  text
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");

const VARIABLE = /^([A-Za-z_][A-Za-z0-9_]*)=(.*)$/s;

/** What is wrong with the draft, by field; the service has the last word. */
export function faultsOf({ name, variables, dagsUrl, app }: Draft): Partial<Record<keyof Draft, string>> {
  const badLine = lines(variables).find((line) => !VARIABLE.test(line));
  return {
    ...(name.trim() === "" && { name: "Give it a name." }),
    ...(name.trim().length > 100 && { name: "At most 100 characters." }),
    ...(badLine !== undefined && { variables: `Not NAME=value: ${badLine}` }),
    ...(app === "airflow" &&
      dagsUrl !== "" &&
      !/^(?:https?|ssh|git|file):\/\//.test(dagsUrl) && {
        dagsUrl: "Give the address of a git repository, beginning with https://",
      }),
  };
}

/** The request's body; what was left as it is, is left out. */
export function bodyOf(draft: Draft): CreateDeployment {
  const variables = Object.fromEntries(
    lines(draft.variables).flatMap((line) => {
      const [, name, value] = VARIABLE.exec(line) ?? [];
      return name === undefined ? [] : [[name, value ?? ""]];
    }),
  );
  const requirements = lines(draft.requirements);
  const airflow = {
    ...(draft.executor !== "local" && { executor: draft.executor }),
    ...(draft.dagsUrl !== "" && {
      dags: { url: draft.dagsUrl, ...(draft.dagsBranch !== "" && { branch: draft.dagsBranch }) },
    }),
  };
  return {
    app_type: draft.app,
    name: draft.name.trim(),
    size: draft.size,
    ...(draft.environment !== "" && { environment_id: draft.environment }),
    ...(draft.version !== "" && { version: draft.version }),
    ...(draft.isProtected && { protected: true }),
    ...(Object.keys(variables).length > 0 && { environment_variables: variables }),
    ...(requirements.length > 0 && { requirements }),
    ...(draft.app === "airflow" && Object.keys(airflow).length > 0 && { airflow }),
  };
}

const quoted = (text: string): string => (/^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`);

/** The same as one line of the shell. Values of variables are not written into it: a shell keeps its history. */
export function commandOf(draft: Draft): string {
  const option = (flag: string, value: string): string[] => (value === "" ? [] : [flag, quoted(value)]);
  return [
    "onvera deploy",
    draft.app,
    ...option("--name", draft.name.trim()),
    ...option("--environment", draft.environment),
    ...option("--version", draft.version),
    ...(draft.size === "small" ? [] : ["--size", draft.size]),
    ...lines(draft.requirements).flatMap((line) => ["--requirements", quoted(line)]),
    ...lines(draft.variables).flatMap((line) => ["--env", `${VARIABLE.exec(line)?.[1] ?? "NAME"}=…`]),
    ...(draft.app === "airflow"
      ? [
          ...option("--executor", draft.executor === "local" ? "" : draft.executor),
          ...option("--dags-git", draft.dagsUrl),
          ...option("--dags-branch", draft.dagsBranch),
        ]
      : []),
    ...(draft.isProtected ? ["--protected"] : []),
  ].join(" ");
}
