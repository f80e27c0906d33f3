import { describe, expect, test } from "vitest";
import type { DoctorClaim, DoctorSecret, FoundStorageClass } from "../../../../infra/core/doctor-facts.ts";
import { checkReferences, secretsOf } from "../../../../infra/spec/doctor/check-references.ts";
import { buildPlan } from "../../../support/build-plan.ts";
import { testDigest } from "../../../support/stack-config.ts";
import { hydrated } from "../../../support/weights-settings.ts";
import { linesOf, patient, seen, visit } from "./patient.ts";

const gib = 2 ** 30;
const volume = { kind: "pvc", claim: "keye-weights", mountPath: "/models" };

function claims(found: DoctorClaim | undefined) {
  return { claims: [{ name: "keye-weights", found: seen(found) }] };
}

const good: DoctorClaim = { phase: "Bound", accessModes: ["ReadWriteMany"], size: 150 * gib };

describe("a claim", () => {
  test.each([
    { what: "that is bound and large", found: good, lines: [] },
    {
      what: "that is not there",
      found: undefined,
      lines: [
        "error claim-mismatch model.volume.claim: Namespace keye has no PersistentVolumeClaim keye-weights. Create it, or set model.volume.create and the stack makes it.",
      ],
    },
    {
      what: "that is Pending",
      found: { ...good, phase: "Pending" },
      lines: [
        "warning claim-not-bound claim keye-weights: Its phase is Pending; wanted Bound. A class that waits for the first pod binds it then.",
      ],
    },
    {
      what: "whose volume is gone",
      found: { ...good, phase: "Lost" },
      lines: [
        "error claim-not-bound claim keye-weights: Its phase is Lost: the volume that it was bound to is gone, and no pod with it starts.",
      ],
    },
    {
      what: "that is too small",
      found: { ...good, size: 50 * gib },
      lines: [
        "error claim-too-small claim keye-weights: It holds 50 GiB, and the weights take 57 GiB (model.size 62G).",
      ],
    },
  ])("$what", ({ found, lines }) => {
    expect(visit(hydrated({ volume }), claims(found))).toEqual(lines);
  });
});

function classes(...found: readonly Partial<FoundStorageClass>[]) {
  return {
    ...claims(undefined),
    storageClasses: seen(
      found.map((one) => ({ name: "fast", provisioner: "nfs.csi.k8s.io", isDefault: false, ...one })),
    ),
  };
}

describe("the class of a claim that the stack makes", () => {
  test.each([
    { what: "is there and shares", create: { storageClass: "fast" }, facts: classes({}), lines: [] },
    { what: "is the default one", create: {}, facts: classes({ isDefault: true }), lines: [] },
    {
      what: "is missing",
      create: { storageClass: "shared" },
      facts: classes({}),
      lines: ["error storage-class-missing StorageClass shared: The cluster has no such class; its classes: fast."],
    },
    {
      what: "is left to the cluster, which has no default",
      create: {},
      facts: classes({}),
      lines: [
        "error storage-class-missing the default StorageClass: model.volume.create names no class, and the cluster has no default one; its classes: fast.",
      ],
    },
    {
      what: "makes disks of one node",
      create: { storageClass: "fast" },
      facts: classes({ provisioner: "rook-ceph.rbd.csi.ceph.com" }),
      lines: [
        "error storage-class-access StorageClass fast: Its provisioner rook-ceph.rbd.csi.ceph.com makes disks of one node; model.volume.create asks for ReadWriteMany.",
      ],
    },
    {
      what: "is of a provisioner that nobody here knows",
      create: { storageClass: "fast" },
      facts: classes({ provisioner: "example.com/fs" }),
      lines: [
        "note storage-class-unknown StorageClass fast: Whether its provisioner example.com/fs makes volumes with ReadWriteMany is not known here; model.volume.create asks for it.",
      ],
    },
    {
      what: "does not matter once the claim is there",
      create: { storageClass: "gone" },
      facts: { ...classes({}), ...claims(good) },
      lines: [],
    },
  ])("$what", ({ create, facts, lines }) => {
    expect(visit(hydrated({ volume: { ...volume, create } }), facts)).toEqual(lines);
  });
});

const settings = {
  image: { digest: testDigest, pullSecrets: ["registry"] },
  engine: { apiKeySecret: { name: "api", key: "key" }, runtimeClassName: "nvidia" },
};
const pull: DoctorSecret = { type: "kubernetes.io/dockerconfigjson", keys: [".dockerconfigjson"] };
const api: DoctorSecret = { type: "Opaque", keys: ["key"] };

describe("what the settings name", () => {
  test.each([
    { what: "is all there", registry: pull, key: api, hasClass: true, lines: [] },
    {
      what: "is nowhere",
      registry: undefined,
      key: undefined,
      hasClass: false,
      lines: [
        "error secret-missing secret api: engine.apiKeySecret names it, and namespace keye has none of that name.",
        "error runtime-class-missing RuntimeClass nvidia: engine.runtimeClassName names it, and the cluster has none of that name: the API server refuses the pods.",
        "warning secret-missing secret registry: image.pullSecrets[0] names it, and namespace keye has none of that name.",
      ],
    },
    {
      what: "is of another kind",
      registry: { type: "Opaque", keys: ["password"] },
      key: { type: "Opaque", keys: ["token"] },
      hasClass: true,
      lines: [
        "error secret-type secret registry: Its type is Opaque; image.pullSecrets[0] wants kubernetes.io/dockerconfigjson or kubernetes.io/dockercfg.",
        "error secret-key-missing secret api: engine.apiKeySecret wants its key key; its keys: token.",
      ],
    },
  ])("$what", ({ registry, key, hasClass, lines }) => {
    const secrets = [
      { name: "registry", found: seen(registry) },
      { name: "api", found: seen(key) },
    ];
    expect(visit(settings, { secrets, runtimeClass: seen(hasClass) })).toEqual(lines);
  });

  test("a build's push Secret must be a login of a registry", () => {
    const { config, facts } = patient({}, { secrets: [{ name: "push", found: seen(api) }] });
    const building = { ...config, image: buildPlan({ pushSecret: "push" }).image };
    expect(secretsOf(building).map(({ setting }) => setting)).toEqual(["image.build.pushSecret"]);
    expect(linesOf(checkReferences({ config: building, facts }))).toEqual([
      "error secret-type secret push: Its type is Opaque; image.build.pushSecret wants kubernetes.io/dockerconfigjson.",
    ]);
  });
});
