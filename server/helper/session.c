#include "enter.h"

#include "util.h"

#include <signal.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <termios.h>

static const int forwarded[] = { SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGWINCH, SIGCONT };

static void waited_signals(sigset_t *set)
{
    sigemptyset(set);
    for (size_t i = 0; i < array_length(forwarded); i++)
        sigaddset(set, forwarded[i]);
    sigaddset(set, SIGCHLD);
    sigaddset(set, SIGTTOU);
}

void session_begin(struct session *session)
{
    sigset_t set;

    *session = (struct session){ .job = job_begin() };
    session->has_group = session->job.has_terminal;
    /* Where the one who started us ignores it, children would vanish with their status. */
    signal(SIGCHLD, SIG_DFL);
    waited_signals(&set);
    sigprocmask(SIG_BLOCK, &set, NULL);
}

static void unblock(void)
{
    sigset_t none;

    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

void session_take_terminal(void)
{
    if (isatty(STDIN_FILENO) && tcgetpgrp(STDIN_FILENO) < 0 && (setsid() >= 0 || getsid(0) == getpid()))
        ioctl(STDIN_FILENO, TIOCSCTTY, 0);
}

/*
 * A process group of its own: the old one's leader is outside of the new pid namespace, where its number is 0, which
 * shells with job control make nothing of. SIGTTOU is blocked, so that tcsetpgrp does not stop us.
 */
void session_child(const struct session *session)
{
    if (session->has_group) {
        setpgid(0, 0);
        tcsetpgrp(STDIN_FILENO, getpgrp());
    } else {
        session_take_terminal();
    }
    unblock();
}

bool session_die_with(pid_t parent)
{
    return prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 && getppid() == parent;
}

static void send(const struct session *session, int number)
{
    /* Everyone in the job, as the terminal would do it. */
    kill(session->has_group ? -session->child : session->child, number);
}

/* True when the child has ended. */
static bool reap(struct session *session)
{
    pid_t pid;

    do
        pid = waitpid(session->child, &session->status, WNOHANG | (session->has_group ? WUNTRACED : 0));
    while (pid < 0 && errno == EINTR);
    if (pid == session->child && WIFSTOPPED(session->status)) {
        job_stop(&session->job);
        send(session, SIGCONT);
    }
    return pid == session->child && !WIFSTOPPED(session->status);
}

int session_wait(struct session *session)
{
    siginfo_t info;
    sigset_t set;

    waited_signals(&set);
    while (!reap(session)) {
        int number = sigwaitinfo(&set, &info);
        if (number <= 0 || number == SIGCHLD || number == SIGTTOU || number == SIGCONT)
            continue;
        /*
         * What a terminal sends it sends to its whole foreground, so the child has it already. Only that the terminal
         * is gone is told to the session's leader alone, which we may be.
         */
        if (info.si_code != SI_KERNEL || (number == SIGHUP && session->job.has_terminal))
            send(session, number);
    }
    job_end(&session->job);
    unblock();
    return WIFSIGNALED(session->status) ? 128 + WTERMSIG(session->status) : WEXITSTATUS(session->status);
}
