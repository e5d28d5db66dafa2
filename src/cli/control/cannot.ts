import { KmemtapError } from "../../model/errors.ts";

/** What a target, or its state, does not allow. */
export function cannot(message: string, nextStep: string): KmemtapError {
  return new KmemtapError("target/unsupported", message, { nextStep });
}
