import { expect, test } from "vitest";
import { volumeFor } from "../../../infra/rehearsal/claim-volumes.ts";

test("a claim gets a volume of its own class that no other claim can take", () => {
  const claim = {
    metadata: { name: "keye-weights", namespace: "keye", uid: "u" },
    spec: {
      accessModes: ["ReadWriteMany"],
      resources: { requests: { storage: "150Gi" } },
      storageClassName: "shared",
    },
  };
  expect(volumeFor(claim)).toEqual({
    apiVersion: "v1",
    kind: "PersistentVolume",
    metadata: { name: "pvc-u" },
    spec: {
      accessModes: ["ReadWriteMany"],
      capacity: { storage: "150Gi" },
      claimRef: { namespace: "keye", name: "keye-weights", uid: "u" },
      hostPath: { path: "/var/lib/keye-rehearsal/claims/keye/keye-weights", type: "DirectoryOrCreate" },
      persistentVolumeReclaimPolicy: "Retain",
      storageClassName: "shared",
    },
  });
});
