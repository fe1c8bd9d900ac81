/** operationId to method and path. */
export const routes = {
  createDeployment: ["POST", "/api/v1/deployments"],
  listDeployments: ["GET", "/api/v1/deployments"],
  getDeployment: ["GET", "/api/v1/deployments/{deployment_id}"],
  updateDeployment: ["PATCH", "/api/v1/deployments/{deployment_id}"],
  destroyDeployment: ["DELETE", "/api/v1/deployments/{deployment_id}"],
  listOperations: ["GET", "/api/v1/operations"],
  getOperation: ["GET", "/api/v1/operations/{operation_id}"],
  listEnvironments: ["GET", "/api/v1/environments"],
} as const satisfies Record<string, readonly [string, string]>;

export type OperationId = keyof typeof routes;
