/**
 * What every link promises, whatever is behind it. The functions declare tests; `open` is called once in each of them and may use
 * `onTestFinished`.
 */
import type { DuplexStream, Shell } from "../../src/model/ports.ts";

export { shellContract } from "./shell-contract.ts";
export { streamContract } from "./stream-contract.ts";

export interface ShellUnderTest {
  readonly shell: Shell;
  /** Breaks the link from outside, where the test can. */
  readonly cut?: () => void;
}

export interface StreamUnderTest {
  readonly stream: DuplexStream;
  readonly peer: Peer;
  /** How a dead peer shows: as an error, or as an end (a socket that was closed in order). */
  readonly deadPeerIs: "lost" | "end";
}

/** The other side of a stream. */
export interface Peer {
  /** Resolves when the peer's system has taken the data. */
  write(data: Uint8Array): Promise<void>;
  /** Everything that has arrived there so far. */
  received(): Buffer;
  /** Stops reading. */
  stall(): void;
  kill(): void;
}

export interface ContractSize {
  /** Of the large transfers; a slow link takes less. */
  readonly largeBytes?: number;
  /** The most that may be under way between a producer and a consumer that has stopped: buffers of all that is between. */
  readonly boundBytes?: number;
}
