/** Where tracefs is not mounted, in a mount namespace of its own: agents mount it, and what they leave is as it was. */
import { spawnSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { canTrace } from "../../support/traced.ts";
import { note } from "./local-agent.ts";

/** Runs the script with `agent VERB NONCE SECONDS`, an agent that is told to end after so long; the mounts that are there at its end. */
function mountsAfter(script: string): string {
  const whole = `
    umount /sys/kernel/tracing 2>/dev/null; umount -R /sys/kernel/debug 2>/dev/null
    agent() { { sleep "$3"; echo bye; sleep 1; } | sh -c "$(cat agent/kmemtap-agent.sh)" kmemtap-agent "$1" "$2" buffer_kb=64 >"\${said:-/dev/null}"; }
    facts() { sh -c "$(cat agent/kmemtap-agent.sh)" kmemtap-agent facts "$1" measure="$2" >"\${said:-/dev/null}"; }
    ${script}
    grep /sys/kernel/tracing /proc/self/mounts || :`;
  const { stdout, stderr, status } = spawnSync("unshare", ["-m", "sh", "-c", whole], { encoding: "utf8" });
  expect({ status, stderr }).toMatchObject({ status: 0 });
  return stdout;
}

describe.skipIf(!canTrace)(`tracefs that was not mounted${note}`, () => {
  it("is not mounted behind two agents, the first of which mounted it and ends first", () => {
    expect(mountsAfter("agent text mounta 1.5 & sleep 1; agent raw mountb 2; wait")).toBe("");
  });

  it("is not mounted behind one that ends while another looks at what the target can do", () => {
    expect(mountsAfter("agent text mountg 1 & sleep 0.5; facts mounth 3; wait")).toBe("");
  });

  it("is mounted again where another one unmounts it before an agent has its instance", () => {
    const script = (asks: string) => `dir=$(mktemp -d) said=$dir/said
      { echo '#!/bin/sh'; echo "rm $dir/once && umount /sys/kernel/tracing"; echo 'exec /bin/mkdir "$@"'; } >$dir/mkdir
      chmod +x $dir/mkdir; : >$dir/once; PATH=$dir:$PATH
      ${asks}
      grep -a '^@kmemtap mount' $said; rm -r $dir`;
    const armed = mountsAfter(script("mount -t tracefs tracefs /sys/kernel/tracing; agent text mounti 1"));
    expect(armed).toMatch(/ armed instance=/);
    expect(armed).not.toMatch(/refused|^tracefs/m);
    const told = mountsAfter(script("facts mountj 0"));
    expect(told).toMatch(/fact events .*kmalloc/);
    expect(told).not.toMatch(/^tracefs/m);
  });

  it("stays for an agent that has no file of it open", () => {
    // The lane of mode hist, on any kernel: what is there when the first one ends is still there.
    const script = `agent text mountc 1.5 & sleep 1
      mkdir /sys/kernel/tracing/instances/kmemtap-$$-mountd-p; wait
      rmdir /sys/kernel/tracing/instances/kmemtap-$$-mountd-p || exit 9`;
    expect(mountsAfter(script)).toContain("tracefs");
  });

  it("is unmounted by the next agent where one was killed", () => {
    const script = `agent text mounte 4 & sleep 1
      for p in $(grep -lzx mounte /proc/[0-9]*/cmdline); do p=\${p#/proc/}; kill -KILL "\${p%/cmdline}"; done 2>/dev/null; sleep 0.3
      ls -d /sys/kernel/tracing/instances/kmemtap-*-mounte-* >/dev/null || exit 9
      agent clean mountf 0`;
    expect(mountsAfter(script)).toBe("");
  });
});
