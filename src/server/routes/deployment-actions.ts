/** Handlers of the actions: load and lock, ask the gate, write the next revision, queue the operation. */
import type { Context } from "hono";
import { rotatedLogin } from "../../domain/database-logins.ts";
import type { DeploymentAction } from "../../domain/deployment-gate.ts";
import type { DeploymentSpec } from "../../domain/deployment-spec.ts";
import { OnveraError } from "../../domain/errors.ts";
import type { OperationType } from "../../domain/operation.ts";
import { changingCommands, pulumiRefusal, readPulumiLine } from "../../domain/plain-pulumi.ts";
import type { Scoped } from "../../store/database.ts";
import type { Operation } from "../../store/tables/operations.ts";
import type { ServerEnv } from "../caller.ts";
import * as contracts from "../contracts/deployment-actions.ts";
import type { ServerDeps } from "../deps.ts";
import type { DeploymentRow } from "../services/deployment-rows.ts";
import {
  checkedChange,
  freshToken,
  openForAction,
  submitPlain,
  submitPlan,
  submitRevision,
} from "../services/deployments.ts";
import type { Requester } from "../services/requester.ts";
import { answerOnce, audit } from "../transact.ts";
import { acceptedBody, markAccepted, newApi, requesterOf } from "./api.ts";

interface Action {
  action: DeploymentAction;
  auditAs: string;
  detail?: Record<string, unknown>;
  submit(db: Scoped, requester: Requester, row: DeploymentRow): Promise<Operation>;
}

export const deploymentActionRoutes = (deps: ServerDeps) => {
  const perform = async (c: Context<ServerEnv>, id: string, { action, auditAs, detail, submit }: Action) => {
    const requester = requesterOf(c);
    const body = await answerOnce(deps, c, requester.organizationId, async (db) => {
      const row = await openForAction(db, deps.dataKeys, requester, { id, action, ifMatch: c.req.header("if-match") });
      const operation = await submit(db, requester, row);
      await audit(db, c, {
        organizationId: requester.organizationId,
        action: auditAs,
        targetType: "deployment",
        targetId: row.id,
        change: { ...detail, operation_id: operation.id },
        outcome: "accepted",
      });
      return acceptedBody(row.id, operation.id);
    });
    markAccepted(c, body.data.operation_id);
    return body;
  };

  /** An action that is a new revision of the spec and nothing else (engine.md, "Records"). */
  const revise = (
    action: DeploymentAction,
    type: OperationType,
    change: (row: DeploymentRow) => DeploymentSpec,
    detail?: Record<string, unknown>,
  ): Action => ({
    action,
    auditAs: type,
    ...(detail === undefined ? {} : { detail }),
    submit: (db, requester, row) => submitRevision(db, deps.dataKeys, requester, row, { type, spec: change(row) }),
  });

  return newApi()
    .openapi(contracts.planDeployment, async (c) => {
      const { destroy, changes } = c.req.valid("json");
      const plan: Action = {
        action: "plan",
        auditAs: "deployment.plan",
        detail: { destroy },
        submit: (db, requester, row) => {
          if (!destroy && row.status !== "ready") {
            throw new OnveraError("RESOURCE_CONFLICT", { message: "Only a ready deployment can be updated" });
          }
          const spec = checkedChange(row, changes ?? {});
          return submitPlan(db, deps.dataKeys, requester, row, { spec, destroy });
        },
      };
      return c.json(await perform(c, c.req.valid("param").deployment_id, plan), 202);
    })

    .openapi(contracts.startDeployment, async (c) => {
      const action = revise("start", "deployment.start", ({ spec }) => ({ ...spec, power_state: "running" }));
      return c.json(await perform(c, c.req.valid("param").deployment_id, action), 202);
    })

    .openapi(contracts.stopDeployment, async (c) => {
      const action = revise("stop", "deployment.stop", ({ spec }) => ({ ...spec, power_state: "stopped" }));
      return c.json(await perform(c, c.req.valid("param").deployment_id, action), 202);
    })

    .openapi(contracts.restartDeployment, async (c) => {
      const restart_token = freshToken(deps.now());
      const action = revise("restart", "deployment.restart", ({ spec }) => ({ ...spec, restart_token }));
      return c.json(await perform(c, c.req.valid("param").deployment_id, action), 202);
    })

    .openapi(contracts.scaleDeployment, async (c) => {
      const { replicas } = c.req.valid("json");
      const change = (row: DeploymentRow) => checkedChange(row, { replicas });
      const action = revise("scale", "deployment.scale", change, { replicas });
      return c.json(await perform(c, c.req.valid("param").deployment_id, action), 202);
    })

    .openapi(contracts.rotateCredentials, async (c) => {
      const change = ({ spec }: DeploymentRow) => rotatedLogin(spec);
      const action = revise("rotate_credentials", "deployment.rotate_credentials", change);
      return c.json(await perform(c, c.req.valid("param").deployment_id, action), 202);
    })

    .openapi(contracts.syncDags, async (c) => {
      const dags_revision = freshToken(deps.now());
      const action = revise("dag_sync", "dag.sync", ({ spec }) => ({ ...spec, dags_revision }));
      return c.json(await perform(c, c.req.valid("param").deployment_id, action), 202);
    })

    .openapi(contracts.runPulumi, async (c) => {
      const { argv } = c.req.valid("json");
      const message = refusalOf(argv);
      if (message !== undefined) {
        throw new OnveraError("VALIDATION_ERROR", { message, fields: [{ pointer: "/argv", message }] });
      }
      const action: Action = {
        action: "pulumi",
        auditAs: "stack.pulumi",
        detail: { argv },
        submit: (db, requester, row) => submitPlain(db, requester, row, { type: "stack.pulumi", input: { argv } }),
      };
      return c.json(await perform(c, c.req.valid("param").deployment_id, action), 202);
    })

    .openapi(contracts.restoreState, async (c) => {
      const { version } = c.req.valid("json");
      const chosen = version === undefined ? {} : { state_version: version };
      const action: Action = {
        action: "pulumi",
        auditAs: "deployment.reconcile",
        detail: chosen,
        submit: (db, requester, row) => {
          const input = { revision: row.applied_revision ?? row.wanted_revision, ...chosen };
          return submitPlain(db, requester, row, { type: "deployment.reconcile", input });
        },
      };
      return c.json(await perform(c, c.req.valid("param").deployment_id, action), 202);
    });
};

/** Why a line of pulumi is not taken: what reads needs no operation, and the stack is the route's. */
function refusalOf(argv: readonly string[]): string | undefined {
  const line = readPulumiLine(argv);
  if (line.readsOnly) return `Only changing commands run here: ${changingCommands.join(", ")}`;
  return line.stack === undefined ? pulumiRefusal(line) : "The deployment is named by the path; leave --stack out";
}
