/**
 * Functions that allocate for kmemtap itself in a capture of scope process: the list of pids that are followed (`set_event_pid`; kernel/trace/pid_list.c,
 * and before 5.16 kernel/trace/trace.c), which the workload's own processes write to.
 */
const OF_PID_LIST = /^(?:trace_pid_list_|pid_list_refill|trace_pid_write|event_pid_write|trace_filter_add_remove_task)/;

export function isOwnCaller(callSite: string): boolean {
  return OF_PID_LIST.test(callSite);
}
