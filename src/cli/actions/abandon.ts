/** `onvera abandon`, `clusters abandon` and `clusters leaks`: giving up what is on a cluster that is gone. */
import { CliError } from "../errors.ts";
import { exitCodes } from "../exit-codes.ts";
import { deploymentId } from "../find-deployment.ts";
import { argument, type Invocation, text } from "../invocation.ts";
import { wholeNumber } from "../options.ts";
import { sayPage } from "../output/pages.ts";
import { safeLine } from "../output/safe-text.ts";
import { table } from "../output/table.ts";
import { ask, contextNote, requireTerminal } from "../prompt.ts";

/** A deployment; the server refuses while its cluster answers. */
export async function deployment(invocation: Invocation): Promise<undefined> {
  requireAsked(invocation, "a deployment");
  const api = invocation.api();
  const path = { deployment_id: await deploymentId(api, argument(invocation, 0)) };
  const { name } = await api.call("getDeployment", { path });
  const body = { confirm_name: await typedName(invocation, `deployment ${path.deployment_id}`, name) };
  const receipt = await api.call("abandonDeployment", { path, body });
  invocation.output.data(receipt, {
    names: () => [receipt.operation_id],
    table: (hasColor) =>
      `Deployment ${receipt.deployment_id} is given up. Nothing was removed; this may still be there:\n\n${leftTable(
        receipt.items.map((item) => ({ ...item, deployment: receipt.deployment_id })),
        hasColor,
      )}`,
  });
  return undefined;
}

/** A cluster with every deployment on it. */
export async function cluster(invocation: Invocation): Promise<undefined> {
  requireAsked(invocation, "a cluster");
  const api = invocation.api();
  const path = { cluster_id: argument(invocation, 0) };
  const { id, name } = await api.call("getCluster", { path });
  const body = { confirm_name: await typedName(invocation, `cluster ${id} and every deployment on it`, name) };
  const given = await api.call("abandonCluster", { path, body });
  invocation.output.data(given, {
    names: () => [given.id],
    table: () =>
      `Cluster ${given.name} is given up. Nothing was removed; what may still be there: onvera clusters leaks ${given.id}\n`,
  });
  return undefined;
}

/** What may still be there, one line for each thing. */
export async function leaks(invocation: Invocation): Promise<undefined> {
  const path = { cluster_id: argument(invocation, 0) };
  const query = {
    page: wholeNumber("--page", text(invocation, "page") ?? "1"),
    per_page: wholeNumber("--per-page", text(invocation, "perPage") ?? "50"),
  };
  const listed = await invocation.api().call("listClusterLeaks", { path, query });
  const left = listed.items.flatMap(({ deployment_id: id, items }) =>
    items.map((item) => ({ ...item, deployment: id })),
  );
  invocation.output.data(listed, {
    names: () => left.map(({ physical_id: id }) => id),
    table: (hasColor) => (left.length === 0 ? "" : leftTable(left, hasColor)),
  });
  sayPage(invocation.output, listed, "Nothing was abandoned there.");
  return undefined;
}

interface Left {
  deployment: string;
  type: string;
  physical_id: string;
  detail: string;
}

const leftTable = (left: readonly Left[], hasColor: boolean): string =>
  table(
    [
      { title: "DEPLOYMENT", value: ({ deployment: id }) => id },
      { title: "TYPE", value: ({ type }) => type },
      { title: "ID", value: ({ physical_id: id }) => id },
      { title: "WHY", value: ({ detail }) => safeLine(detail) },
    ],
    left,
    hasColor,
  );

function requireAsked(invocation: Invocation, what: string): void {
  if (text(invocation, "confirmName") !== undefined) return;
  requireTerminal(invocation.io, `Giving up ${what}`, '--confirm-name "<its name>"');
}

/** @throws CliError exit 2 unless the name was typed, or given with --confirm-name */
async function typedName(invocation: Invocation, what: string, name: string): Promise<string> {
  const question = `${contextNote(invocation)}Nothing will be removed from the cluster. Type the name (${name}) to give up ${what}: `;
  const typed = text(invocation, "confirmName") ?? (await ask(invocation.io, question)).trim();
  if (typed === name) return typed;
  throw new CliError("That is not its name; nothing was given up.", { exitCode: exitCodes.usage });
}
