#include "create.h"

#include "channel.h"
#include "environment.h"
#include "naming.h"
#include "util.h"

#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>

struct init {
    int control;
    int signals;
    /* Of a kept one: see naming.h. */
    int names[2];
    sigset_t blocked;
    bool kept;
    /* ARGV is in the foreground of a terminal, in a group of its own; a kept one may leave it. */
    bool is_job;
    /* 0 when ARGV is not running. */
    pid_t child;
    bool ran;
    /* TERM has come for a kept one: it ends with the last process. */
    bool ending;
};

void forwarded_signals(sigset_t *set)
{
    static const int numbers[] = { SIGHUP, SIGINT, SIGQUIT, SIGUSR1, SIGUSR2, SIGTERM, SIGWINCH };

    sigemptyset(set);
    for (size_t i = 0; i < array_length(numbers); i++)
        sigaddset(set, numbers[i]);
    sigaddset(set, SIGRTMIN);
}

/* The C library's own functions would change all threads, of which there is one. */
static int set_credentials(const struct create *create, struct failure *failure)
{
    bool denied = create->setgroups_deny;

    if ((create->has_uid || create->has_gid) && !denied && syscall(SYS_setgroups, 0, NULL) < 0)
        return fail(failure, "setgroups", errno);
    if (create->has_gid && syscall(SYS_setresgid, create->gid, create->gid, create->gid) < 0)
        return fail(failure, "setresgid", errno);
    if (create->has_uid && syscall(SYS_setresuid, create->uid, create->uid, create->uid) < 0)
        return fail(failure, "setresuid", errno);
    return 0;
}

static int enter_folder(const struct create *create, struct failure *failure)
{
    if (!create->chdir || chdir(create->chdir) == 0)
        return 0;
    fail(failure, "chdir", errno);
    failure->path = create->chdir;
    return -failure->number;
}

/* In the child: `ready` closes when ARGV was executed. */
static _Noreturn void execute(const struct inside *inside, pid_t parent, int ready)
{
    const struct create *create = inside->create;
    struct failure failure = { 0 };
    sigset_t none;
    int result = enter_folder(create, &failure);

    /* A group of its own: the caller's has the number 0 in a new pid namespace, which shells make nothing of. */
    if (create->has_terminal) {
        setpgid(0, 0);
        tcsetpgrp(STDIN_FILENO, getpgrp());
    }

    if (!result)
        result = set_credentials(create, &failure);
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != parent)
        _exit(1);
    sigemptyset(&none);
    signal(SIGPIPE, SIG_DFL);
    signal(SIGTTOU, SIG_DFL);
    sigprocmask(SIG_SETMASK, &none, NULL);
    if (!result) {
        environment_set(create->word);
        execvp(create->argv[0], create->argv);
        result = fail(&failure, "execve", errno);
        failure.path = create->argv[0];
    }
    channel_send_failure(inside->control, &failure, result);
    (void)!write(ready, "", 1);
    _exit(1);
}

/* Returns when ARGV was executed; otherwise the guardian has been told why not. */
static void start(struct init *init, const struct inside *inside)
{
    int pipes[2];
    char byte;
    ssize_t got;
    struct failure failure = { 0 };

    if (pipe2(pipes, O_CLOEXEC) < 0) {
        channel_send_failure(init->control, &failure, fail(&failure, "pipe2", errno));
        _exit(1);
    }
    pid_t parent = getpid();
    init->child = fork();
    if (init->child == 0)
        execute(inside, parent, pipes[1]);
    if (init->child < 0) {
        channel_send_failure(init->control, &failure, fail(&failure, "fork", errno));
        _exit(1);
    }
    close(pipes[1]);
    do
        got = read(pipes[0], &byte, 1);
    while (got < 0 && errno == EINTR);
    close(pipes[0]);
    init->ran = true;
    if (got != 0 || !channel_send(init->control, MESSAGE_RUNNING, 0))
        _exit(1);
}

/* From here on nothing of the connection is left: no terminal, no stream, no folder, no parent to follow. */
static void become_kept(struct init *init, const struct inside *inside)
{
    setsid();
    dup2(inside->null, STDIN_FILENO);
    dup2(inside->null, STDOUT_FILENO);
    dup2(inside->null, STDERR_FILENO);
    (void)!chdir("/");
    prctl(PR_SET_PDEATHSIG, 0);
    if (naming_open(init->names))
        _exit(1);
    init->kept = true;
    init->is_job = false;
    channel_send(init->control, MESSAGE_KEPT, 0);
}

static void reap(struct init *init)
{
    pid_t pid;
    int status;

    while ((pid = waitpid(-1, &status, WNOHANG | (init->is_job ? WUNTRACED : 0))) > 0) {
        if (pid != init->child)
            continue;
        if (WIFSTOPPED(status)) {
            channel_send(init->control, MESSAGE_STOPPED, 0);
            continue;
        }
        init->child = 0;
        channel_send(init->control, MESSAGE_EXIT, status);
        if (!init->kept)
            _exit(0);
    }
    if (init->ending && pid < 0)
        _exit(0);
}

static void take_signal(struct init *init, const struct signalfd_siginfo *info)
{
    int number = (int)info->ssi_signo;

    if (number == SIGCHLD)
        return;
    if (init->kept && number == SIGTERM) {
        init->ending = true;
        /* Everyone in the pid namespace; elsewhere only who was started here. */
        if (getpid() == 1)
            kill(-1, SIGTERM);
        else if (init->child > 0)
            kill(init->child, SIGTERM);
        return;
    }
    /* A terminal tells its whole foreground group itself. */
    if (info->ssi_code == SI_KERNEL)
        return;
    if (init->child > 0 && number == SIGRTMIN)
        kill(-init->child, SIGCONT);
    else if (init->child > 0)
        kill(init->is_job ? -init->child : init->child, number);
    else if (!init->kept && number != SIGWINCH)
        _exit(0);
}

static void take_control(struct init *init, const struct inside *inside)
{
    struct message message;
    int result = channel_receive(init->control, &message);

    if (result == 0 && message.kind == MESSAGE_KEEP)
        become_kept(init, inside);
    else if (!init->kept)
        _exit(0);
    else if (result)
        init->control = -1;
}

_Noreturn void init_run(struct inside *inside)
{
    struct init init = { .control = inside->control, .names = { -1, -1 }, .is_job = inside->create->has_terminal };
    struct signalfd_siginfo info;

    prctl(PR_SET_CHILD_SUBREAPER, 1);
    /* In a pid namespace's init what is blocked is also delivered where its default would be ignored. */
    forwarded_signals(&init.blocked);
    sigaddset(&init.blocked, SIGCHLD);
    sigprocmask(SIG_BLOCK, &init.blocked, NULL);
    /* Whoever gives the foreground to another group is not in it. */
    signal(SIGTTOU, SIG_IGN);
    init.signals = signalfd(-1, &init.blocked, SFD_CLOEXEC | SFD_NONBLOCK);
    if (init.signals < 0)
        _exit(1);
    if (inside->create->argv)
        start(&init, inside);
    for (;;) {
        struct pollfd polls[3] = { { .fd = init.signals, .events = POLLIN },
                                   { .fd = init.control, .events = POLLIN },
                                   { .fd = init.names[0], .events = POLLIN } };
        if (poll(polls, 3, -1) < 0 && errno != EINTR)
            _exit(1);
        while (read(init.signals, &info, sizeof info) == sizeof info)
            take_signal(&init, &info);
        reap(&init);
        if (polls[1].revents)
            take_control(&init, inside);
        if (polls[2].revents)
            naming_take(init.names[0]);
    }
}
