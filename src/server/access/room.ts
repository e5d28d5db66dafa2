/** Those who are connected, by address. */
import type { AccessLimits } from "./access.ts";

export type RoomLimits = Pick<AccessLimits, "connections" | "connectionsPerAddress">;

export class Room {
  readonly #limits: RoomLimits;
  readonly #from = new Map<string, number>();
  #all = 0;

  constructor(limits: RoomLimits) {
    this.#limits = limits;
  }

  isFull(address: string): boolean {
    const { connections, connectionsPerAddress } = this.#limits;
    return this.#all >= connections || (this.#from.get(address) ?? 0) >= connectionsPerAddress;
  }

  enter(address: string): void {
    this.#all += 1;
    this.#from.set(address, (this.#from.get(address) ?? 0) + 1);
  }

  leave(address: string): void {
    this.#all -= 1;
    const left = (this.#from.get(address) ?? 1) - 1;
    if (left === 0) this.#from.delete(address);
    else this.#from.set(address, left);
  }
}
