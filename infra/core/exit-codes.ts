/** Exit codes of every `keye` command and of the gate Job. */
export const exitCodes = {
  pass: 0,
  fail: 1,
  badInput: 2,
  inconclusive: 3,
  environment: 4,
  cancelled: 130,
} as const;

/** One of {@link exitCodes}. */
export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];
