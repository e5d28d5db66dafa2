/** What the operator means by TARGET, parsed: a name from the configuration or a URL. */

/** How to get past the login prompt of a console, where there is one. */
export interface ConsoleLogin {
  /** Taken when the console asks for it; undefined asks the operator, where there is a terminal. */
  readonly user?: string;
  /** Never logged, never part of a label or an error. */
  readonly password?: string;
}

export type Parity = "none" | "even" | "odd";
export type FlowControl = "none" | "rtscts" | "xonxoff";

export interface SerialTarget {
  /** A `pty` has no baud rate to set, but may be told what the real line behind it carries (`?baud=`). */
  readonly kind: "serial" | "pty";
  readonly path: string;
  /** 115200 unless said otherwise; undefined for a pty of which nothing was said. */
  readonly baud?: number;
  readonly parity: Parity;
  readonly dataBits: 7 | 8;
  readonly stopBits: 1 | 2;
  readonly flow: FlowControl;
  readonly login: ConsoleLogin;
}

export interface SshTarget {
  readonly kind: "ssh";
  /** As the operator wrote it: may be an alias of the OpenSSH configuration. */
  readonly host: string;
  readonly port?: number;
  readonly user?: string;
  readonly password?: string;
  /** A private key's file; else those of the OpenSSH configuration and the agent. */
  readonly identity?: string;
  /** Passed on to `ssh -G -F`. */
  readonly configFile?: string;
  /** Refuses no key that is unknown, but stores it (`accept-new` in OpenSSH's words). A changed key is refused all the same. */
  readonly acceptNew?: boolean;
}

/** Targets with a shell: kmemtap arms them itself. */
export type ShellTarget =
  | { readonly kind: "local" }
  | SshTarget
  | SerialTarget
  | { readonly kind: "unix"; readonly path: string; readonly baud?: number; readonly login: ConsoleLogin }
  | {
      readonly kind: "tcp";
      readonly host: string;
      readonly port: number;
      readonly baud?: number;
      readonly login: ConsoleLogin;
    }
  | { readonly kind: "qemu" };

/** All targets; of a file or a recording only what is in it can be read. */
export type Target =
  | ShellTarget
  | { readonly kind: "file"; readonly path: string }
  | { readonly kind: "replay"; readonly path: string; readonly speed: number };
