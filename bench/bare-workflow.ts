import { proxyActivities } from '@temporalio/workflow';

/** A workflow that does nothing but call one activity, which does nothing. */
export async function bare(): Promise<void> {
  const { nothing } = proxyActivities<{ nothing(): Promise<void> }>({ startToCloseTimeout: 10_000 });
  await nothing();
}
