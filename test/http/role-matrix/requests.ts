/** How each declared route is asked so that it would succeed, and who gets something else than the permission table says. */

import { kubeconfig, newCluster } from "../../support/kubernetes-access.ts";

export interface Asked {
  ok: number;
  body?: unknown;
  query?: string;
  stopped?: boolean;
  dags?: boolean;
  /** The asker is gone, or something less, afterwards: each asks as a person of their own. */
  spendsAsker?: boolean;
  /** It has no end. */
  stream?: boolean;
  /** What an operator who is no member gets. */
  operator?: number;
  /** What the owner of another organization gets there. */
  stranger?: number;
  /** What a person who signed in gets where a key is not enough. */
  session?: number;
  /** What a service account gets where a person of its role is let in: it is nobody who could leave or be signed in. */
  account?: number;
}

/** How each route is asked so that it would succeed. A route that is missing here fails the test below. */
export const requests: Record<string, Asked> = {
  createDeployment: { ok: 202, body: { app_type: "superset" } },
  listDeployments: { ok: 200 },
  getDeployment: { ok: 200 },
  updateDeployment: { ok: 200, body: { name: "renamed" } },
  destroyDeployment: { ok: 202 },
  planDeployment: { ok: 202, body: { destroy: true } },
  startDeployment: { ok: 202, stopped: true },
  stopDeployment: { ok: 202 },
  restartDeployment: { ok: 202 },
  scaleDeployment: { ok: 202, body: { replicas: { web: 2 } } },
  rotateCredentials: { ok: 202 },
  syncDags: { ok: 202, dags: true },
  getDeploymentAccess: { ok: 200 },
  syncDeploymentAccess: { ok: 202 },
  runPulumi: { ok: 202, body: { argv: ["refresh"] } },
  restoreState: { ok: 202, body: {} },
  listStateVersions: { ok: 200 },
  getDeploymentLogs: { ok: 200 },
  downloadDeploymentLogs: { ok: 200 },
  getDeploymentHealth: { ok: 200 },
  getDeploymentMetrics: { ok: 200 },
  getDeploymentMetricsHistory: { ok: 200 },
  listDeploymentResources: { ok: 200 },
  getDeploymentOutputs: { ok: 200 },
  listDeploymentEvents: { ok: 200 },
  listDeploymentOperations: { ok: 200 },
  getDeploymentCredentials: { ok: 404 },
  getDestroyReceipt: { ok: 404 },
  listOperations: { ok: 200 },
  getOperation: { ok: 200 },
  cancelOperation: { ok: 202 },
  listOperationEvents: { ok: 200 },
  streamActivity: { ok: 200, stream: true },
  listEnvironments: { ok: 200 },
  getEnvironment: { ok: 200 },
  createEnvironment: { ok: 201, body: { name: "Production" } },
  updateEnvironment: { ok: 403, body: { name: "Renamed" } },
  deleteEnvironment: { ok: 403 },
  listOrganizations: { ok: 200 },
  getOrganization: { ok: 200 },
  createOrganization: { ok: 201, body: { name: "Acme" } },
  getOrganizationQueue: { ok: 200 },
  updateOrganizationQueue: { ok: 200, body: { running_limit: 5 } },
  listProjects: { ok: 200 },
  getProject: { ok: 200 },
  createProject: { ok: 201, body: { name: "Data" } },
  updateProject: { ok: 200, body: { name: "Renamed" } },
  deleteProject: { ok: 409 },
  listProjectRoles: { ok: 200 },
  grantProjectRole: { ok: 200, body: { role: "developer" } },
  revokeProjectRole: { ok: 404 },
  listMembers: { ok: 200 },
  getMember: { ok: 200 },
  updateMember: { ok: 200, body: { role: "developer" } },
  removeMember: { ok: 200 },
  leaveOrganization: { ok: 200, spendsAsker: true, operator: 404, stranger: 409, account: 404 },
  transferOwnership: { ok: 200, spendsAsker: true },
  createInvitation: { ok: 201, body: { email: "guest@example.test" } },
  listInvitations: { ok: 200 },
  revokeInvitation: { ok: 200 },
  acceptInvitation: { ok: 403, body: { token: "x", password: "x" } },
  signUp: { ok: 403, body: { email: "x@example.test", name: "X", password: "x" } },
  switchOrganization: { ok: 403, body: { organization_id: "org_x" } },
  explainAccess: { ok: 200, query: "?user=me&action=deployments.read", operator: 404 },
  listClusters: { ok: 200 },
  getCluster: { ok: 200 },
  createCluster: { ok: 201, body: newCluster() },
  // Nothing listens at its address: who may ask is told so.
  updateCluster: { ok: 409, stranger: 404, body: { kubeconfig: kubeconfig() } },
  checkCluster: { ok: 200, stranger: 404 },
  // Whoever may give something up is asked for its name.
  abandonDeployment: { ok: 400, body: { confirm_name: "" } },
  abandonCluster: { ok: 400, stranger: 404, body: { confirm_name: "" } },
  listClusterLeaks: { ok: 200 },
  deleteCluster: { ok: 200, stranger: 404 },
  listWorkers: { ok: 200 },
  drainWorker: { ok: 200 },
  resumeWorker: { ok: 200 },
  login: { ok: 401, body: { email: "x@example.test", password: "x" } },
  refreshSession: { ok: 401, body: { refresh_token: "x" } },
  logout: { ok: 200, spendsAsker: true },
  beginCliLogin: { ok: 201, body: { client: "matrix" } },
  redeemCliLogin: { ok: 403, body: { secret: "onv_cli_none" } },
  getCliLogin: { ok: 200 },
  approveCliLogin: { ok: 200 },
  denyCliLogin: { ok: 200 },
  // Nobody's key opens an app: only a person who is signed in does.
  completeAppLogin: { ok: 403, session: 404 },
  listSessions: { ok: 200 },
  endSession: { ok: 200, account: 404 },
  getCurrentUser: { ok: 200 },
  createApiKey: { ok: 201, body: { name: "k" } },
  listApiKeys: { ok: 200 },
  getApiKey: { ok: 200 },
  revokeApiKey: { ok: 200 },
  rotateApiKey: { ok: 201, body: {} },
  createServiceAccount: { ok: 201, body: { name: "ci" } },
  listServiceAccounts: { ok: 200 },
  getServiceAccount: { ok: 200 },
  updateServiceAccount: { ok: 200, body: { description: "changed" } },
  deleteServiceAccount: { ok: 200 },
  createServiceAccountKey: { ok: 201, body: { name: "k" } },
  listServiceAccountKeys: { ok: 200 },
  getSso: { ok: 200 },
  putSso: { ok: 400, body: { issuer: "http://127.0.0.1:9", client_id: "x" } },
  testSso: { ok: 404 },
  deleteSso: { ok: 404 },
  // Asked by no page of ours; the rest is in sso-sign-in.test.ts.
  beginSso: { ok: 403, body: { who: "acme" } },
  finishSso: { ok: 403, body: { response: "x" } },
  listAuditEvents: { ok: 200 },
  exportAuditEvents: { ok: 200 },
  verifyAuditLog: { ok: 200 },
  createWebhook: { ok: 201, body: { url: "https://hooks.example.test/x" } },
  listWebhooks: { ok: 200 },
  getWebhook: { ok: 200 },
  updateWebhook: { ok: 200, body: { description: "changed" } },
  deleteWebhook: { ok: 200 },
  rotateWebhookSecret: { ok: 200 },
  testWebhook: { ok: 202 },
  listWebhookDeliveries: { ok: 200 },
  redeliverWebhook: { ok: 202 },
  getJwks: { ok: 200 },
  listApps: { ok: 200 },
  getVersion: { ok: 200 },
  healthz: { ok: 200 },
  readyz: { ok: 200 },
  readMetrics: { ok: 200 },
};
