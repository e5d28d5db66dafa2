/** One viewer's connection: what it says is checked, and what it may do is done. */
import { KmemtapError, messageOf } from "../model/errors.ts";
import { printable } from "../model/printable.ts";
import { type ReplyMessage, WIRE_PROTOCOL } from "../model/wire.ts";
import {
  controlHeadSchema,
  type View,
  viewerMessageSchema,
  type ViewerMessage,
  viewSchema,
} from "../model/wire-request.ts";
import { VERSION } from "../model/version.ts";
import { type ActorLog, controlInWords } from "./access/act-log.ts";
import type { ViewerSocket } from "./hub/target-hub.ts";
import { isOfTasks } from "./hub/view-rows.ts";
import type { TargetRegistry } from "./registry.ts";

export interface ViewerRights {
  /** May act on targets, not only look. */
  readonly control: boolean;
}

type Control = Extract<ViewerMessage, { type: "control" }>;

const WHOLE_VIEW: View = viewSchema.parse({});
/** Replies to one who does not read them are not kept for him. */
const MAX_BUFFERED_BYTES = 1024 * 1024;

export class Viewer {
  readonly #socket: ViewerSocket;
  readonly #registry: TargetRegistry;
  readonly #rights: ViewerRights;
  readonly #who: string;
  readonly #acts: ActorLog;
  #targets = "";

  /**
   * @param who asks: shares of what the server can do go by that
   * @param acts what the log has of what it does
   */
  constructor(socket: ViewerSocket, registry: TargetRegistry, rights: ViewerRights, who: string, acts: ActorLog) {
    this.#socket = socket;
    this.#registry = registry;
    this.#rights = rights;
    this.#who = who;
    this.#acts = acts;
    const targets = registry.summaries();
    this.#targets = JSON.stringify(targets);
    this.#say({ type: "hello", protocol: WIRE_PROTOCOL, version: VERSION, rights, targets });
  }

  /** Sends the list of targets, unless it is what this viewer has. @param text of the list, as JSON */
  tellTargets(text: string): void {
    if (text === this.#targets || this.#socket.bufferedAmount > MAX_BUFFERED_BYTES) return;
    this.#targets = text;
    this.#socket.send(`{"type":"targets","targets":${text}}`);
  }

  /** @returns false where it is no message of the protocol: whoever sends that is hung up on */
  hear(text: string): boolean {
    const content = parsed(text);
    const message = viewerMessageSchema.safeParse(content);
    if (message.success) {
      this.#obey(message.data);
      return true;
    }
    const head = controlHeadSchema.safeParse(content);
    if (!head.success) return false;
    const [{ path, message: issue }] = message.error.issues;
    const why = `${path.join(".")}: ${issue}`;
    this.#acts.refused("what does not read", why);
    this.#refuse(head.data.id, why, "docs/wire.md has what a control may hold");
    return true;
  }

  /** Gone: nothing is to be sent to it. */
  leave(): void {
    for (const hub of this.#registry.hubs) hub.unsubscribe(this.#socket);
  }

  #obey(message: ViewerMessage): void {
    const hub = this.#registry.hub(message.target);
    if (hub === undefined) {
      const why = `there is no target ${printable(message.target)}`;
      const help = "the message targets lists those there are";
      if (message.type === "control") this.#refuseControl(message, why, help);
      else this.#refuse(null, why, help);
      return;
    }
    switch (message.type) {
      case "subscribe":
        if (message.view?.filter?.kind !== undefined && hub.latest !== undefined && hub.kinds() === undefined) {
          this.#refuse(null, `kinds of live objects are not known of ${hub.id}`, "subscribe without kind");
          break;
        }
        if (
          message.view !== undefined &&
          isOfTasks(message.view) &&
          hub.latest !== undefined &&
          hub.tasks() === undefined
        ) {
          this.#refuse(
            null,
            `which task allocated what is not kept of ${hub.id}`,
            "start kmemtap with --tasks, and not in mode hist, or subscribe without task and comm",
          );
          break;
        }
        hub.subscribe(this.#socket, {
          view: message.view ?? WHOLE_VIEW,
          paceMs: message.paceMs ?? 0,
          who: this.#who,
        });
        break;
      case "unsubscribe":
        hub.unsubscribe(this.#socket);
        break;
      case "resync":
        if (!hub.resync(this.#socket)) this.#refuse(null, `${hub.id} is not subscribed to`, "subscribe first");
        break;
      case "control":
        void this.#control(message);
        break;
    }
  }

  async #control(message: Control): Promise<void> {
    const { id, target, action } = message;
    const { control } = this.#registry.target(target) ?? {};
    if (!this.#rights.control) {
      this.#refuseControl(message, "this viewer may look, not act", "connect with a token that has the right control");
      return;
    }
    if (control === undefined) {
      this.#refuseControl(message, `nothing can be done to ${target}`, "");
      return;
    }
    try {
      this.#acts.asked(target, action);
      const result = await control.perform(action);
      this.#say({ type: "reply", id, ok: true, ...(result !== undefined && { result }) });
    } catch (thrown) {
      const help = thrown instanceof KmemtapError ? (thrown.nextStep ?? "") : "";
      this.#refuseControl(message, messageOf(thrown), help);
    }
  }

  #refuseControl({ id, target, action }: Control, why: string, help: string): void {
    this.#acts.refused(controlInWords(target, action), why);
    this.#refuse(id, why, help);
  }

  #refuse(id: string | null, error: string, help: string): void {
    this.#say({ type: "reply", id, ok: false, error, help } satisfies ReplyMessage);
  }

  #say(message: object): void {
    if (this.#socket.bufferedAmount <= MAX_BUFFERED_BYTES) this.#socket.send(JSON.stringify(message));
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
