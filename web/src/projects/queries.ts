/** What the projects' pages ask and change. */
import { useQuery } from "@tanstack/react-query";
import { api, dataOf } from "../api/client.ts";
import { keys } from "../api/query-keys.ts";
import { useToldChange } from "../api/told-change.ts";

export const projectPath = (id: string) => ({ path: { project_id: id } });

export const useProjects = () =>
  useQuery({ queryKey: keys.projects, queryFn: () => dataOf(api.GET("/api/v1/projects")) });

export const useProject = (id: string) =>
  useQuery({
    queryKey: keys.project(id),
    queryFn: () => dataOf(api.GET("/api/v1/projects/{project_id}", { params: projectPath(id) })),
  });

export const useProjectRoles = (id: string) =>
  useQuery({
    queryKey: keys.projectRoles(id),
    queryFn: () => dataOf(api.GET("/api/v1/projects/{project_id}/roles", { params: projectPath(id) })),
  });

/** Whether the caller may change this project: by their role in the organization, or by one in the project alone. */
export function useMayChange(id: string): boolean {
  const rights = useQuery({
    queryKey: keys.projectRights(id),
    queryFn: () =>
      dataOf(
        api.GET("/api/v1/access/explain", {
          params: { query: { user: "me", action: "projects.write", resource: id } },
        }),
      ),
  });
  return rights.data?.allowed ?? false;
}

/** A change of one project, or of the roles in it. */
export const useProjectChange = <Input, Output>(id: string, send: (input: Input) => Promise<Output>) =>
  useToldChange(send, [keys.projects, keys.project(id)]);
