/** Amounts in the one form the API server keeps them in: any other would come back as a difference. Pure. */

/** Cores: `250m`, `2`. */
export function cores(count: number): string {
  const thousandths = Math.round(count * 1000);
  return thousandths % 1000 === 0 ? String(thousandths / 1000) : `${thousandths}m`;
}

/** Megabytes: `512Mi`, `2Gi`. */
export const megabytes = (count: number): string => (count % 1024 === 0 ? `${count / 1024}Gi` : `${count}Mi`);
