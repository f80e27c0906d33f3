/** A volume for one claim of the namespace `keye`, and where to create it: nothing provisions volumes in the rehearsal. */
export function volumeForClaim(claim: string): readonly [path: string, body: object] {
  const spec = {
    capacity: { storage: "1Ti" },
    accessModes: ["ReadWriteMany"],
    claimRef: { namespace: "keye", name: claim },
    hostPath: { path: `/data/${claim}` },
  };
  return ["/api/v1/persistentvolumes", { kind: "PersistentVolume", metadata: { name: claim }, spec }];
}
