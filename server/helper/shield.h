#ifndef NSHELPER_SHIELD_H
#define NSHELPER_SHIELD_H

/*
 * Goes on from a sealed copy of the program in memory.
 *
 * What runs within a container can reach the file of every program there as /proc/PID/exe, also when that file lies on
 * the host, and overwrite it once nothing runs it any more (CVE-2019-5736). The helper is there: as the init of what
 * `create` made, in `enter` before the command is executed, and again when that command is a script for the interpreter
 * /proc/self/exe, which no flag of a process prevents, since executing it resets them. A sealed file can be written by
 * nobody. A read-only bind mount would do as well but takes rights that an ordinary user lacks.
 *
 * Returns when this is the copy, or where the host does not let one be made or executed (vm.memfd_noexec, SELinux): then
 * the file is protected by its owner and mode alone. `argv` is the program's.
 */
void shield(char *const *argv);

#endif
