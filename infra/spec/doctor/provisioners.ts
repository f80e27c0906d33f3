/** Whether the volumes of a provisioner can be mounted by pods of many nodes at once, where that is known. */
export function sharesVolumes(provisioner: string): boolean | undefined {
  // Rook puts the name of its operator's namespace before that of the driver.
  const isOneOf = (names: readonly string[]) =>
    names.some((name) => provisioner === name || provisioner.endsWith(`.${name}`));
  if (isOneOf(sharedFileSystems)) return true;
  return isOneOf(blockDevices) ? false : undefined;
}

/** File systems over the network. Each driver's own documentation names ReadWriteMany. */
const sharedFileSystems = [
  "cephfs.csi.ceph.com",
  "com.tencent.cloud.csi.cfs",
  "cpfs.csi.alibabacloud.com",
  "csi.juicefs.com",
  "driver.longhorn.io",
  "efs.csi.aws.com",
  "file.csi.azure.com",
  "filestore.csi.storage.gke.io",
  "fsx.csi.aws.com",
  "nasplugin.csi.alibabacloud.com",
  "nfs.csi.k8s.io",
];

/** Disks: a file system on them belongs to one node at a time. */
const blockDevices = [
  "cinder.csi.openstack.org",
  "com.tencent.cloud.csi.cbs",
  "disk.csi.azure.com",
  "diskplugin.csi.alibabacloud.com",
  "ebs.csi.aws.com",
  "kubernetes.io/aws-ebs",
  "kubernetes.io/gce-pd",
  "local.csi.openebs.io",
  "openebs.io/local",
  "pd.csi.storage.gke.io",
  "rancher.io/local-path",
  "rbd.csi.ceph.com",
  "topolvm.io",
];
