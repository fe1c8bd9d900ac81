/** Finds the deployment a person means: by id in either documented form, by its name, or by its host label. */
import { parseId } from "../domain/ids.ts";
import type { Api } from "./api/client.ts";
import type { Deployment } from "./api/contract.ts";
import { ApiError } from "./api/problem.ts";
import { usageError } from "./errors.ts";

/** Lists are read in pages of the largest documented size. */
const PER_PAGE = 100;

/**
 * The id in the form the CLI shows, `dep_…`.
 * @throws ApiError `Deployment not found`; CliError exit 2 when several deployments carry the name
 */
export async function deploymentId(api: Api, reference: string): Promise<string> {
  const id = parseId("deployment", reference);
  if (id !== undefined) return id;
  const wanted = reference.toLowerCase();
  const matches: Deployment[] = [];
  for await (const deployment of allDeployments(api)) {
    if (deployment.name.toLowerCase() === wanted || hostLabelOf(deployment) === wanted) matches.push(deployment);
  }
  const [match, ...others] = matches;
  if (match === undefined) throw notFound();
  if (others.length > 0) {
    throw usageError(
      `${matches.length} deployments are called '${reference}'.`,
      ...matches.map(
        (deployment) => `Name one by its id: ${shownId(deployment.id)} (${deployment.app_type}, ${deployment.status})`,
      ),
    );
  }
  return shownId(match.id);
}

/** Every deployment the caller may see, page by page. */
export async function* allDeployments(api: Api): AsyncGenerator<Deployment> {
  for (let page = 1; ; page += 1) {
    const { items, pagination } = await api.call("listDeployments", {
      query: { page, per_page: PER_PAGE },
    });
    yield* items;
    if (page >= pagination.pages) return;
  }
}

/** `dep_…`, whichever form the service gave. */
export const shownId = (id: string): string => parseId("deployment", id) ?? id;

const hostLabelOf = ({ url }: Deployment): string | undefined =>
  url ? new URL(url).hostname.split(".")[0]?.toLowerCase() : undefined;

const notFound = (): ApiError =>
  new ApiError(404, { code: "DEPLOYMENT_NOT_FOUND", message: "Deployment not found" }, undefined);
