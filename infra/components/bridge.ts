import * as pulumi from "@pulumi/pulumi";
import { DeployError } from "../core/errors.ts";

/**
 * Runs the program, and turns what a person can mend into the one error that Pulumi shows without a stack trace. What was
 * not foreseen keeps its stack.
 */
export async function withPlainErrors<T>(program: () => Promise<T>): Promise<T> {
  try {
    return await program();
  } catch (error) {
    throw error instanceof DeployError ? new pulumi.RunError(error.message) : error;
  }
}
