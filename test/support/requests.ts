/** The requests of a trace's text, as `kmemtap advise` takes them down. */
import { accountRecording } from "../../src/capture/account-recording.ts";
import { RequestProfiler } from "../../src/capture/profile-requests.ts";
import type { RequestProfile } from "../../src/model/request-profile.ts";
import type { AccountFilter } from "../../src/model/snapshot.ts";

export async function requestsOf(text: string | Uint8Array, filter: AccountFilter = "all"): Promise<RequestProfile> {
  const sampler = new RequestProfiler();
  const chunks = (async function* () {
    await Promise.resolve();
    yield typeof text === "string" ? Buffer.from(text) : text;
  })();
  const { snapshot } = await accountRecording([{ label: "test", chunks }], filter, { sampler });
  return sampler.profile(snapshot);
}
