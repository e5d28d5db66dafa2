import { KmemtapError } from "../../model/errors.ts";

/** The file contradicts itself: it was cut, or is still being written. */
export function damaged(label: string, what: string): KmemtapError {
  return new KmemtapError("symbols/damaged", `${label} is damaged: ${what}`, {
    nextStep: "build or copy it again; readelf -WS tells more",
  });
}

export function notElf(label: string, what: string): KmemtapError {
  return new KmemtapError("symbols/not-elf", `${label} is no ELF file: ${what}`, {
    nextStep: "give a vmlinux (not the compressed vmlinuz or bzImage), an object, a module or a built kernel tree",
  });
}
