/** What a cluster's failure means for the operation: one code of the table each (NH-09). */
import { type FailureCode, failure } from "../../../domain/failures.ts";
import type { OperationError } from "../../../domain/operation.ts";
import { type ClusterCause, ClusterFailure } from "../../../kubernetes/failure.ts";
import { StepFailure } from "../../worker/target-driver.ts";

const codes: Readonly<Record<ClusterCause, FailureCode>> = {
  unreachable: "CLUSTER_UNREACHABLE",
  overloaded: "CLUSTER_UNREACHABLE",
  failed: "CLUSTER_UNREACHABLE",
  unauthorized: "CLUSTER_ACCESS_REFUSED",
  forbidden: "CLUSTER_PERMISSION_MISSING",
  quota: "QUOTA_EXCEEDED",
  conflict: "CLUSTER_REFUSED",
  "not-found": "CLUSTER_REFUSED",
  invalid: "CLUSTER_REFUSED",
  refused: "CLUSTER_REFUSED",
};

/** The cluster's own words are the message: they name kinds, namespaces and verbs, and no secret. */
export const clusterError = ({ reason, message }: ClusterFailure): OperationError => failure(codes[reason], message);

/** Runs a step's work; a cluster's failure in it ends the step with its code. */
export async function toldAsStepFailure<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof ClusterFailure)) throw error;
    throw new StepFailure(clusterError(error), { cause: error });
  }
}
