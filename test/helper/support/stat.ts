import { readFileSync } from 'node:fs';

/** Fields of /proc/PID/stat after the name: state, ppid, pgrp, session, tty, … */
export function statFields(pid: number): readonly string[] {
  return readFileSync(`/proc/${pid}/stat`, 'latin1')
    .replace(/^.*\) /s, '')
    .split(' ');
}

/** When it started, in clock ticks after boot: field 22. */
export function startOf(pid: number): number {
  return Number(statFields(pid)[19]);
}
