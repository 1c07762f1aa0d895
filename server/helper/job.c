#include "job.h"

#include <signal.h>
#include <time.h>
#include <unistd.h>

struct job job_begin(void)
{
    return (struct job){ .has_terminal = tcgetpgrp(STDIN_FILENO) == getpgrp() };
}

/* Whoever gives the foreground away without being in it is stopped by SIGTTOU, unless that is blocked. */
static bool give_terminal(pid_t group)
{
    sigset_t set, old;

    sigemptyset(&set);
    sigaddset(&set, SIGTTOU);
    sigprocmask(SIG_BLOCK, &set, &old);
    bool given = tcsetpgrp(STDIN_FILENO, group) == 0;
    sigprocmask(SIG_SETMASK, &old, NULL);
    return given;
}

/*
 * Stops us, unless a shell's fg has come first: what ran in the background and read is then stopped by a terminal that
 * is already ours. The signal waits while that is looked at, since fg's SIGCONT takes a waiting one back (signal(7)).
 */
static void stop_self(const struct job *job)
{
    static const struct timespec now = { 0 };
    sigset_t set, old;

    sigemptyset(&set);
    sigaddset(&set, SIGTSTP);
    sigprocmask(SIG_BLOCK, &set, &old);
    raise(SIGTSTP);
    if (!job->has_terminal && tcgetpgrp(STDIN_FILENO) == getpgrp())
        sigtimedwait(&set, NULL, &now);
    sigprocmask(SIG_SETMASK, &old, NULL);
}

/*
 * The shell takes the terminal and shows the job as stopped; it continues us with the terminal (fg) or without it (bg).
 * Without such a shell the kernel does not stop us either (the process group is orphaned), and the job goes on at once.
 */
void job_stop(struct job *job)
{
    if (job->has_terminal)
        job->group = tcgetpgrp(STDIN_FILENO);
    stop_self(job);
    pid_t foreground = tcgetpgrp(STDIN_FILENO);
    job->has_terminal = foreground == job->group || (foreground == getpgrp() && give_terminal(job->group));
}

void job_end(const struct job *job)
{
    if (job->has_terminal)
        give_terminal(getpgrp());
}
