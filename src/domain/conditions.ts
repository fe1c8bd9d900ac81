/** The remarks a deployment may carry beside its status (TN-3, TN-11), with the words a person reads. */

export const conditionTypes = {
  update_failed: "The last change failed; the version before it keeps running",
  canceled: "The first deploy was canceled; destroy the deployment to remove what it made",
  create_failed: "The deploy was given up; destroy the deployment to remove what it made",
  destroy_blocked: "The destroy stopped half-way; destroy again to go on",
} as const;
export type ConditionType = keyof typeof conditionTypes;
