/**
 * What is typed into the target's shell so that one can talk to it without being misunderstood.
 *
 * An interactive shell has a prompt, an echo and a line editor, and does what it is told even if half of it was lost
 * on the way. So a loop of our own is started in a child `sh`: it reads numbered lines that carry their own checksum, does
 * what is in them when they arrived undamaged and were not done before, and says so:
 *
 *     7 1835042811 21 C=$C'some text'     →  [5e1fa0c2 7]      line 7 is done
 *     8 1835042811 21 C=$C'so text'       →  [5e1fa0c2 ?]      damaged: type it again
 *
 * A line that is typed twice is done once. Ctrl-C ends the loop while it waits, and nothing but the command while one runs.
 */
import { posixCksum } from "./posix-cksum.ts";

/** What a probe line begins with: a loop that somebody left behind ends at it. */
export const PROBE_MARK = ": kmemtap;";

/** How lines are checked: `cksum` where the target has it, else their length, which finds what was lost or put in. */
export type Check = "cksum" | "length";

/** The check's text for `text`, as {@link loaderText}'s `V` says it. */
export function checkOf(text: Uint8Array, check: Check): string {
  return check === "cksum" ? `${posixCksum(text)} ${text.length}` : String(text.length);
}

/**
 * The loop; its `$1` is the nonce of all its answers. One line, no single quote, no exclamation mark (histories expand it).
 *
 * `w` writes its argument as it is (mksh has no printf of its own, and the other one takes 128 KiB at most), `V` leaves the
 * check of its argument in `$v`, `A` acknowledges, `L` is the loop: until `g` is empty. It calls itself where output is fetched.
 */
export function loaderText(check: Check): string {
  const checked = check === "cksum" ? 'v=`w "$1"|cksum`' : 'v="${#1}"';
  return [
    'case $KSH_VERSION in "")w(){ printf %s "$1";};;*)w(){ print -rn -- "$1";};;esac',
    `V(){ ${checked};}`,
    'A(){ printf "\\n[%s %s]\\n" $N ${1:-$n};}',
    "L(){ while [ $g ]&&IFS= read -r l<&3;do s=${l%% *};l=${l#* };k=${l%%,*};l=${l#*,}",
    'V "$N $s $l"',
    'if [ "$v" = "$k" ];then [ $s -gt $n ]&&{ n=$s;eval "$l";};[ $g ]&&A',
    `else case $l in *"${PROBE_MARK}"*)exit;;?*)A -;;esac;fi;done;}`,
    "exec 3<&0;N=$1;n=0;g=1;A;L",
  ].join(";");
}

/**
 * What the loop is given once it runs, each entry one line of it.
 *
 * `F` prints a frame (frame.ts) with its argument in it. `Q` runs `$C`, which for one argument may be too long. `R` runs it for its
 * output and status; `W` does so where no Ctrl-C reaches a command, and kills it after `$1` seconds (`U`),
 * in a session of its own where there is setsid, so that what it started goes with it. `E` prints the result, or that
 * it is long; then `P` hands it out in pieces: `Y` prints one again, `X` asks for the next, `S`
 * has it handed out in smaller ones. dd cuts them, since no
 * shell cuts a long string fast. `G` runs `$C` in the terminal with the arguments in `$H`; `M` marks where it begins and ends, three
 * times, because a line of the kernel's log may hit one.
 */
export const LOOP_FUNCTIONS: readonly string[] = [
  'J=`printf "\\n."`;J=${J%.};I=`printf "\\t"`;C=;H=;O=;B=4096',
  'F(){ V "$n:$1";printf "\\n{%s:%s:" $N $n;w "$1";printf ":%s:%s}" $N "$v";A;}',
  'Q(){ if [ ${#C} -lt 100000 ];then sh -c "$C" "$@" 3<&-;else (shift;eval "$C") 3<&-;fi;}',
  "R(){ trap : INT;O=`trap - INT;Q sh </dev/null 2>&1;echo .$?`;trap - INT;D;}",
  "j=`command -v setsid`",
  'W(){ O=`$j sh -c "$C" </dev/null 2>&1 3<&- & p=$!;U $1 >/dev/null 2>&1 & u=$!;wait $p;echo .$?;kill $u`;D;}',
  "U(){ sleep $1;kill -TERM -$p;kill $p;sleep 2;kill -9 -$p;kill -9 $p;}",
  "D(){ C=;t=${O##*.};O=${O%.*};E;}",
  'E(){ if [ ${#O} -le 1000 ];then F "$O.$t";else F "$t+";fi;}',
  'P(){ w "$O"|{ while p=`dd bs=$B count=1 2>/dev/null;echo .`;[ "$p" != . ];do p=${p%.};y=1;Y;L;g=1;done;};y=;g=1;O=;Y;}',
  'Y(){ case $y in 1)F "=$p";;*)F .;;esac;};X(){ [ $y ]&&g=;}',
  "S(){ [ $y ]&&{ O=$p;P;y=2;};}",
  'M(){ for i in 1 2 3;do printf "\\036%s<%s>%s\\036" $N $1 $i;done;}',
  'G(){ A;trap : INT;eval "set -- $H";M begin;Q kmemtap-agent "$@";e=$?;trap - INT;C=;M $e=$e;}',
];

/** Asks for what must be known of the terminal: settings to put back, whether Ctrl-C has anyone to reach, whether there is dd. */
export const TERMINAL_FACTS =
  'F "`stty -g 2>/dev/null`;`(: </dev/tty) 2>/dev/null&&echo tty`;`command -v dd >/dev/null&&echo dd`"';

/** No echo of what is typed, and output as it was written. Where there is no stty, both are coped with. */
export const QUIET_TERMINAL = "stty -echo -opost 2>/dev/null";
