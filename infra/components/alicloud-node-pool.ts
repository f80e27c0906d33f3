import * as pulumi from "@pulumi/pulumi";
import {
  type AlicloudNodePoolInputs,
  alicloudNodePoolType,
  alicloudPluginVersion,
} from "../spec/node-pools/alicloud.ts";

/** An ACK node pool, by the cloud's plugin alone: its npm package would be 61 MB for this one class. */
export class AlicloudNodePool extends pulumi.CustomResource {
  constructor(name: string, inputs: AlicloudNodePoolInputs, opts?: pulumi.CustomResourceOptions) {
    super(alicloudNodePoolType, name, { ...inputs }, { ...opts, version: alicloudPluginVersion });
  }
}
