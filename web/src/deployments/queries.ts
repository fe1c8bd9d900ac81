/** What the pages ask about deployments. */
import { useQuery } from "@tanstack/react-query";
import { api, dataOf } from "../api/client.ts";
import { usePages } from "../api/pages.ts";
import { keys } from "../api/query-keys.ts";
import type { ListFilters } from "./list-filters.ts";

const PER_PAGE = 100;
const HISTORY_PER_PAGE = 50;
const HEALTH_EVERY_MILLISECONDS = 5_000;
const RESOURCES_EVERY_MILLISECONDS = 2_000;
const LIST_EVERY_MILLISECONDS = 15_000;

const byId = (id: string) => ({ params: { path: { deployment_id: id } } });

/** All deployments that match, page after page. The name is looked for in what has been read. */
export function useDeployments({ status, app, environment, destroyed }: ListFilters) {
  const query = {
    per_page: PER_PAGE,
    ...(status && { status }),
    ...(app && { app_type: app }),
    ...(environment && { environment_id: environment }),
    ...(destroyed && { include: "destroyed" as const }),
  };
  return usePages(
    [...keys.deployments, query],
    (from) => dataOf(api.GET("/api/v1/deployments", { params: { query: { ...query, ...from } } })),
    LIST_EVERY_MILLISECONDS,
  );
}

export const useDeployment = (id: string) =>
  useQuery({
    queryKey: keys.deployment(id),
    queryFn: () => dataOf(api.GET("/api/v1/deployments/{deployment_id}", byId(id))),
    refetchInterval: HEALTH_EVERY_MILLISECONDS,
  });

export const useHealth = (id: string, isEnabled: boolean) =>
  useQuery({
    queryKey: keys.deploymentPart(id, "health"),
    queryFn: () => dataOf(api.GET("/api/v1/deployments/{deployment_id}/health", byId(id))),
    enabled: isEnabled,
    refetchInterval: HEALTH_EVERY_MILLISECONDS,
  });

export const useMetrics = (id: string, isEnabled: boolean) =>
  useQuery({
    queryKey: keys.deploymentPart(id, "metrics"),
    queryFn: () => dataOf(api.GET("/api/v1/deployments/{deployment_id}/metrics", byId(id))),
    enabled: isEnabled,
    refetchInterval: HEALTH_EVERY_MILLISECONDS,
  });

const HISTORY_EVERY_MILLISECONDS = 30_000;

/** @param milliseconds how far back from now */
export const useMetricsHistory = (id: string, milliseconds: number) =>
  useQuery({
    queryKey: keys.deploymentPart(id, `metrics of ${milliseconds}`),
    queryFn: () =>
      dataOf(
        api.GET("/api/v1/deployments/{deployment_id}/metrics/history", {
          params: {
            path: { deployment_id: id },
            query: { from: new Date(Date.now() - milliseconds).toISOString() },
          },
        }),
      ),
    refetchInterval: HISTORY_EVERY_MILLISECONDS,
  });

/** @param isChanging whether an operation is at work on them */
export const useResources = (id: string, isChanging: boolean) =>
  useQuery({
    queryKey: keys.deploymentPart(id, "resources"),
    queryFn: () => dataOf(api.GET("/api/v1/deployments/{deployment_id}/resources", byId(id))),
    refetchInterval: isChanging ? RESOURCES_EVERY_MILLISECONDS : false,
  });

export const useAppPeople = (id: string) =>
  useQuery({
    queryKey: keys.deploymentPart(id, "access"),
    queryFn: () => dataOf(api.GET("/api/v1/deployments/{deployment_id}/access", byId(id))),
    refetchInterval: HEALTH_EVERY_MILLISECONDS,
  });

export const useOutputs = (id: string) =>
  useQuery({
    queryKey: keys.deploymentPart(id, "outputs"),
    queryFn: () => dataOf(api.GET("/api/v1/deployments/{deployment_id}/outputs", byId(id))),
  });

export const useHistory = (id: string) =>
  usePages(
    keys.deploymentPart(id, "history"),
    (from) =>
      dataOf(
        api.GET("/api/v1/deployments/{deployment_id}/operations", {
          params: { path: { deployment_id: id }, query: { per_page: HISTORY_PER_PAGE, ...from } },
        }),
      ),
    LIST_EVERY_MILLISECONDS,
  );

export const useReceipt = (id: string, isEnabled: boolean) =>
  useQuery({
    queryKey: keys.deploymentPart(id, "receipt"),
    queryFn: () => dataOf(api.GET("/api/v1/deployments/{deployment_id}/receipt", byId(id))),
    enabled: isEnabled,
  });

export const useApps = () =>
  useQuery({
    queryKey: keys.apps,
    queryFn: () => dataOf(api.GET("/api/v1/apps")),
    staleTime: Number.POSITIVE_INFINITY,
  });

export const useEnvironments = () =>
  useQuery({
    queryKey: keys.environments,
    queryFn: () => dataOf(api.GET("/api/v1/environments")),
  });
