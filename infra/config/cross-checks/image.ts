import type { CrossCheck, Finding } from "../cross-check.ts";
import type { StackConfig } from "../stack-config.ts";

/** Rules about the image. */
export const imageChecks: readonly CrossCheck[] = [
  {
    name: "mirror-elsewhere",
    sentence: "`image.mirror` is another repository than `image.repository`.",
    reads: ["image"],
    find: mirrorElsewhere,
  },
];

function mirrorElsewhere({ image }: StackConfig): readonly Finding[] {
  if (image.kind !== "prebuilt" || image.mirror !== image.repository) return [];
  const message = `is image.repository itself, ${image.repository}.`;
  return [
    { path: "image.mirror", message, hint: "Name the repository that the pods shall pull from, or leave it out." },
  ];
}
