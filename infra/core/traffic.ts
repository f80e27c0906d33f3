import { noRevision, rampLabel, revisionLabel } from "./names.ts";

/**
 * What a live Service selects, which is what clients reach. `ramp`: the pods that carry the label of the ramp, of either
 * revision, while a canary replaces `from` by `to`.
 */
export type Traffic =
  | { readonly kind: "none" }
  | { readonly kind: "revision"; readonly revision: string }
  | { readonly kind: "ramp"; readonly from: string; readonly to: string };

/** Traffic of one revision alone; none for {@link noRevision}. */
export function trafficOfRevision(revision: string): Traffic {
  return revision === noRevision ? { kind: "none" } : { kind: "revision", revision };
}

/** The one label of a live Service's selector by which a promotion leads traffic, and its value. */
export function trafficSelector(traffic: Traffic): { readonly label: string; readonly value: string } {
  switch (traffic.kind) {
    case "none":
      return { label: revisionLabel, value: noRevision };
    case "revision":
      return { label: revisionLabel, value: traffic.revision };
    case "ramp":
      return { label: rampLabel, value: rampName(traffic) };
    default:
      return traffic satisfies never;
  }
}

/** A live Service's selector once it leads to `traffic`: what else it asks for stays, and of our labels only the one meant. */
export function selectorTo(
  traffic: Traffic,
  selector: Readonly<Record<string, string>> | undefined,
): Readonly<Record<string, string>> {
  const { [revisionLabel]: _revision, [rampLabel]: _ramp, ...others } = selector ?? {};
  const { label, value } = trafficSelector(traffic);
  return { ...others, [label]: value };
}

/**
 * Whether somebody's edit has set a revision beside the label of a ramp. Clients then reach only pods that carry both,
 * which no pod made after the ramp does.
 */
export function isMixedSelector(selector: Readonly<Record<string, string>> | undefined): boolean {
  return selector?.[revisionLabel] !== undefined && selector[rampLabel] !== undefined;
}

/** Reads a live Service's selector. A label of ours that nobody of ours has written means what it says. */
export function trafficOf(selector: Readonly<Record<string, string>> | undefined): Traffic {
  const revision = selector?.[revisionLabel];
  if (revision !== undefined) return trafficOfRevision(revision);
  const [from, to, ...rest] = selector?.[rampLabel]?.split(".") ?? [];
  if (from === undefined || to === undefined || rest.length > 0) return { kind: "none" };
  return { kind: "ramp", from, to };
}

/** Value of the label that pods carry while they serve in a ramp: `<from>.<to>`. */
export function rampName({ from, to }: { readonly from: string; readonly to: string }): string {
  return `${from}.${to}`;
}

/** Whether both lead clients to the same pods. */
export function isSameTraffic(a: Traffic, b: Traffic): boolean {
  const [one, other] = [trafficSelector(a), trafficSelector(b)];
  return one.label === other.label && one.value === other.value;
}

/** For people: `none`, a revision, or `aaaaaaaaaa and bbbbbbbbbb, pod by pod`. */
export function trafficText(traffic: Traffic): string {
  switch (traffic.kind) {
    case "none":
      return noRevision;
    case "revision":
      return traffic.revision;
    case "ramp":
      return `${traffic.from} and ${traffic.to}, pod by pod`;
    default:
      return traffic satisfies never;
  }
}
