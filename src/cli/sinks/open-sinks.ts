import type { Config } from "../config.ts";
import type { Sink } from "./sink.ts";

/** The sinks that are configured, as one. What they need is loaded only then. */
export async function openSinks(
  config: Pick<Config, "nats" | "pyroscope">,
  warn: (text: string) => void,
): Promise<Sink> {
  const sinks: Sink[] = [];
  if (config.pyroscope !== undefined) {
    const { PyroscopeSink } = await import("./pyroscope-sink.ts");
    sinks.push(new PyroscopeSink(config.pyroscope, warn));
  }
  if (config.nats !== undefined) {
    const { NatsSink } = await import("./nats-sink.ts");
    sinks.push(await NatsSink.open(config.nats, warn));
  }
  return {
    take: (target, update) => {
      for (const sink of sinks) sink.take(target, update);
    },
    close: async () => {
      await Promise.all(sinks.map((sink) => sink.close()));
    },
  };
}
