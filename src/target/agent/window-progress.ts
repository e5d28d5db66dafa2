/** How far the window of what is recorded has come, as this side wants it and as the agent has said. */
export class WindowProgress {
  /** The agent records. */
  begun = false;
  /** The agent was told to stop, or will be once it is there. */
  stopping = false;
  /** The end of the window was heard: nothing is in the ring buffers any more. */
  lastHeard = false;
  /** The agent says that it ends, as it was told to. */
  ending = false;
  /** The agent has restored the target. */
  ended = false;
  damagedSinceStop = false;

  /** A new agent: nothing was heard of it yet. Whether it is to stop is not for it to say. */
  reopen(): void {
    this.begun = this.lastHeard = this.ending = this.ended = this.damagedSinceStop = false;
  }
}
