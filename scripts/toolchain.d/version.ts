type Triple = readonly [major: number, minor: number, patch: number];

/** The first `1.2.3` in what a tool printed, a leading `v` aside; undefined where there is none. */
export function versionIn(text: string): string | undefined {
  return /\d+\.\d+\.\d+/.exec(text)?.[0];
}

/** Whether `found` may stand in for `wanted`: not older, and of the same minor (`patch`) or the same major (`minor`). */
export function fits(found: string, wanted: string, accepts: "patch" | "minor"): boolean {
  const [major, minor] = triple(found);
  const [wantedMajor, wantedMinor] = triple(wanted);
  if (major !== wantedMajor) return false;
  if (accepts === "patch" && minor !== wantedMinor) return false;
  return isAtLeast(found, wanted);
}

/** Whether `found` is `wanted` or later. Both as `1.2.3`; missing parts count as 0. */
export function isAtLeast(found: string, wanted: string): boolean {
  const [a, b] = [triple(found), triple(wanted)];
  return Math.sign(a[0] - b[0] || a[1] - b[1] || a[2] - b[2]) >= 0;
}

function triple(version: string): Triple {
  const [major = 0, minor = 0, patch = 0] = version.split(".").map((part) => Number.parseInt(part, 10) || 0);
  return [major, minor, patch];
}
