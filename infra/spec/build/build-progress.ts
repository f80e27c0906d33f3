/** Where a build is, as its log tells. */
export interface BuildProgress {
  /** From 1; 0 before the first step. */
  readonly step: number;
  /** 0 before the first step has been seen. */
  readonly steps: number;
  /** What it does, such as `2 of 3: DeepGEMM, over the one that SGLang brought`. */
  readonly doing: string;
}

/** Before a line has been read. */
export const noProgress: BuildProgress = { step: 0, steps: 0, doing: "starting the builder" };

/**
 * The progress after one more line of the log, in BuildKit's plain form. Steps whose result is known are told in any order:
 * the furthest counts. Other lines change nothing.
 */
export function readBuildLine(progress: BuildProgress, line: string): BuildProgress {
  const [, step, steps, command = ""] = /^#\d+ \[\w* *(\d+)\/(\d+)\] (.*)$/.exec(line) ?? [];
  if (step !== undefined && steps !== undefined) {
    // The stage with the provenance alone has fewer steps: it comes after all.
    const isFurther = Number(step) > progress.step && Number(steps) >= progress.steps;
    return isFurther ? { step: Number(step), steps: Number(steps), doing: doingOf(command) } : progress;
  }
  const doing = /^#\d+ (exporting to image|pushing layers|exporting layers)/.exec(line)?.[1];
  return doing === undefined ? progress : { ...progress, step: progress.steps, doing: `all built, ${doing}` };
}

/** For people: `step 5 of 8: 2 of 3: DeepGEMM …`. */
export function progressText({ step, steps, doing }: BuildProgress): string {
  return steps === 0 ? doing : `step ${step} of ${steps}, ${doing}`;
}

function doingOf(command: string): string {
  const comment = /\(# (.*?)(?:\.\.\.)?\)$/.exec(command)?.[1];
  return comment ?? command.replace(/^COPY <<\S+ /, "writing ").slice(0, 100);
}
