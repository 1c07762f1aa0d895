/*
 * Runs a command and kills the first of its processes that makes a sibling (CLONE_PARENT of clone(2)), after the kernel has made
 * that and before the process does anything more. Ends with the command's exit status.
 */
#define _GNU_SOURCE
#include <err.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

static int parent_of(long pid)
{
    char path[64];
    int parent = -1;
    snprintf(path, sizeof path, "/proc/%ld/stat", pid);
    FILE *file = fopen(path, "r");
    if (file) {
        if (fscanf(file, "%*d (%*[^)]) %*c %d", &parent) != 1)
            parent = -1;
        fclose(file);
    }
    return parent;
}

int main(int argc, char **argv)
{
    if (argc < 2)
        errx(2, "usage: between COMMAND [WORD…]");
    int seized[2];
    char byte;
    if (pipe(seized))
        err(1, "pipe");
    pid_t command = fork();
    if (command == 0) {
        close(seized[1]);
        (void)!read(seized[0], &byte, 1);
        close(seized[0]);
        execvp(argv[1], argv + 1);
        err(127, "%s", argv[1]);
    }
    long options = PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE | PTRACE_O_TRACEEXEC;
    if (ptrace(PTRACE_SEIZE, command, 0, options))
        err(1, "ptrace");
    close(seized[0]);
    close(seized[1]);
    int result = 1, has_killed = 0, status;
    pid_t pid;
    while ((pid = waitpid(-1, &status, __WALL)) > 0) {
        if (pid == command && !WIFSTOPPED(status))
            result = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
        if (!WIFSTOPPED(status))
            continue;
        int event = status >> 16;
        unsigned long made = 0;
        if (!has_killed && (event == PTRACE_EVENT_FORK || event == PTRACE_EVENT_CLONE) &&
            ptrace(PTRACE_GETEVENTMSG, pid, 0, &made) == 0 && parent_of((long)made) != pid) {
            has_killed = 1;
            kill(pid, SIGKILL);
            continue;
        }
        if (event == PTRACE_EVENT_STOP && WSTOPSIG(status) != SIGTRAP)
            ptrace(PTRACE_LISTEN, pid, 0, 0);
        else
            ptrace(PTRACE_CONT, pid, 0, event ? 0 : WSTOPSIG(status));
    }
    return result;
}
