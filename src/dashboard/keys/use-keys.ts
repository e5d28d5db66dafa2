import { useEffect, useRef } from "preact/hooks";
import { type Command, commandFor } from "./key-map.ts";

/** Does what the page's keys say, unless somebody writes, or a part has taken the key. */
export function useKeys(run: (command: Command) => void): void {
  const latest = useRef(run);
  latest.current = run;
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.defaultPrevented || isWriting(event.target)) return;
      const command = commandFor(event);
      if (command === null) return;
      // What is open in front of the page closes first, by itself.
      if (command === "whole" && document.querySelector("dialog[open], details.popover[open]") !== null) return;
      if (command !== "whole") event.preventDefault();
      latest.current(command);
    };
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  }, []);
}

function isWriting(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  return target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement || isField(target);
}

function isField(target: HTMLElement): boolean {
  return target instanceof HTMLInputElement && target.type !== "checkbox" && target.type !== "radio";
}
