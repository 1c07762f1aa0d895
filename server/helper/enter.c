#include "enter.h"

#include "children.h"
#include "environment.h"
#include "kernel.h"
#include "passwd.h"
#include "procfs.h"
#include "text.h"
#include "util.h"
#include "verbs.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <time.h>
#include <sys/prctl.h>
#include <sys/wait.h>

/* CLOSE_RANGE_CLOEXEC, 5.11. */
#define CLOSE_ON_EXEC_ONLY (1u << 2)

static int fail_path(struct failure *failure, const char *step, int number, const char *path)
{
    fail(failure, step, number);
    failure->path = path;
    return -number;
}

/* Nothing of the host is left open for what runs within: what is inherited would be a way out. */
static void close_on_exec(const struct host *host)
{
    autofree uint32_t *numbers = NULL;
    size_t capacity = 0;

    if (syscall(SYSCALL_CLOSE_RANGE, STDERR_FILENO + 1, ~0u, CLOSE_ON_EXEC_ONLY) == 0)
        return;
    ssize_t count = list_numbers_at(host->proc, "self/fd", &numbers, &capacity);
    for (ssize_t i = 0; i < count; i++)
        if (numbers[i] > STDERR_FILENO)
            fcntl((int)numbers[i], F_SETFD, FD_CLOEXEC);
}

static int set_root(const struct joining *joining, struct failure *failure)
{
    if (joining->root < 0)
        return 0;
    if (fchdir(joining->root) < 0)
        return fail_path(failure, "chdir", errno, "root of the target");
    if (chroot(".") < 0)
        return fail_path(failure, "chroot", errno, "root of the target");
    return 0;
}

static int set_directory(const struct enter *enter, const struct joining *joining, struct failure *failure)
{
    if (enter->has_cwd && enter->cwd)
        return chdir(enter->cwd) < 0 ? fail_path(failure, "chdir", errno, enter->cwd) : 0;
    if (joining->directory >= 0)
        return fchdir(joining->directory) < 0 ? fail_path(failure, "chdir", errno, "working directory of the target") : 0;
    /* The folder of the caller is outside of what it looks at now. */
    if (joining->root >= 0 || joining_has(joining, NS_MNT))
        return chdir("/") < 0 ? fail_path(failure, "chdir", errno, "/") : 0;
    return 0;
}

/* What is denied stays as it is, as user_namespaces(7) wants it. */
static int clear_groups(const struct host *host, struct failure *failure)
{
    char text[16];
    ssize_t length = read_text_at(host->proc, "self/setgroups", text, sizeof text);

    if (length > 0 && strcmp(text, "deny") == 0)
        return 0;
    if (syscall(SYS_setgroups, 0, NULL) == 0 || errno == EPERM)
        return 0;
    return fail(failure, "setgroups", errno);
}

/* The C library's own functions would change all threads, of which there is one. */
static int set_ids(uint32_t uid, uint32_t gid, struct failure *failure)
{
    if (syscall(SYS_setresgid, gid, gid, gid) < 0) {
        fail(failure, "setresgid", errno);
        failure->detail = failure->number == EINVAL ? "the group has no mapping in this user namespace" : NULL;
        return -failure->number;
    }
    if (syscall(SYS_setresuid, uid, uid, uid) < 0) {
        fail(failure, "setresuid", errno);
        failure->detail = failure->number == EINVAL ? "the user has no mapping in this user namespace" : NULL;
        return -failure->number;
    }
    return 0;
}

int enter_set_identity(const struct enter *enter, const struct joining *joining, struct failure *failure)
{
    struct passwd_entry entry;
    uint32_t gid = enter->gid;
    int result;

    if (enter->identity == IDENTITY_KEEP || (enter->identity == IDENTITY_DEFAULT && !joining_has(joining, NS_USER)))
        return 0;
    result = clear_groups(joining->host, failure);
    if (result)
        return result;
    if (enter->identity == IDENTITY_IDS && !enter->has_gid)
        gid = passwd_find(enter->uid, &entry) ? entry.gid : 0;
    result = set_ids(enter->identity == IDENTITY_IDS ? enter->uid : 0, gid, failure);
    /* A namespace need not have a root. */
    return result == -EINVAL && enter->identity == IDENTITY_DEFAULT ? 0 : result;
}

/* Returns only when it failed. */
static int execute(const struct enter *enter, const struct joining *joining, const struct shell *shell, pid_t parent,
                   struct failure *failure)
{
    int result = set_root(joining, failure);

    if (!result)
        result = set_directory(enter, joining, failure);
    if (!result)
        result = enter_set_identity(enter, joining, failure);
    if (result)
        return result;
    /* Credentials take the death signal away, so it comes after them. */
    if (!session_die_with(parent))
        _exit(STATUS_FAILED);
    signal(SIGPIPE, SIG_DFL);
    environment_set(enter->word);
    if (enter->has_shell)
        return shell_run(enter, shell, failure);
    /* Under its own name: interpreters look for their files by it. */
    char **argv = (char **)enter->argv, *last = argv[0];
    for (char *const *word = enter->word; strcmp(*word, "--") != 0; word++)
        if (strncmp(*word, "--program=", 10) == 0) {
            argv[0] = *word + 10;
            execvp(argv[0], argv);
        }
    argv[0] = last;
    execvp(last, argv);
    return fail_path(failure, "execve", errno, enter->argv[0]);
}

static int exit_status(const struct failure *failure)
{
    if (!failure->step || strcmp(failure->step, "execve") != 0)
        return failure->usage ? 2 : STATUS_FAILED;
    return failure->number == ENOENT ? STATUS_NOT_FOUND : STATUS_NOT_EXECUTABLE;
}

static int report(const struct enter *enter, const struct failure *failure, int result)
{
    struct output output;

    output_init(&output, enter->records, NO_ID);
    failure_print(&output, failure, result);
    output_flush(&output);
    output_free(&output);
    return exit_status(failure);
}

static void print_entered(const struct enter *enter, const struct joining *joining, pid_t child)
{
    struct output output;

    output_init(&output, enter->records, NO_ID);
    record_begin(&output, "entered");
    json_number(&output, "pid", (uint64_t)child);
    json_object(&output, "ns");
    for (enum ns_type type = 0; type < NS_TYPES; type++)
        if (joining->fd[type] >= 0)
            json_number(&output, ns_types[type].name, joining->id[type]);
    json_close(&output, '}');
    record_end(&output);
    output_flush(&output);
    output_free(&output);
}

static void print_exit(const struct enter *enter, int status)
{
    struct output output;

    output_init(&output, enter->records, NO_ID);
    record_begin(&output, "exit");
    if (WIFSIGNALED(status))
        json_number(&output, "signal", (uint64_t)WTERMSIG(status));
    else
        json_number(&output, "code", (uint64_t)WEXITSTATUS(status));
    record_end(&output);
    record_begin(&output, "end");
    record_end(&output);
    output_flush(&output);
    output_free(&output);
}

/*
 * Between us and the command, in its pid namespace: there what a descendant leaves becomes a child of ours (a subreaper
 * beyond it is none, pid_namespaces(7)). Returns in the command; ends as the command did when it or our parent has ended.
 */
static int watch_descendants(const struct host *host, pid_t parent, int pipe, struct failure *failure)
{
    static const struct timespec grace = { 2, 0 };
    const struct timespec *patience = NULL;
    sigset_t set;
    int status = 0;

    prctl(PR_SET_CHILD_SUBREAPER, 1);
    sigemptyset(&set);
    sigaddset(&set, SIGCHLD);
    sigaddset(&set, SIGTERM);
    sigprocmask(SIG_BLOCK, &set, NULL);
    pid_t child = fork();
    if (child < 0)
        return fail(failure, "fork", errno);
    if (child == 0) {
        sigprocmask(SIG_UNBLOCK, &set, NULL);
        return 0;
    }
    close(pipe);
    /*
     * Not killed with the parent: a debugger that has time to leave takes its breakpoints out of what it is attached to. Nor
     * with the command, whose children may be such ones.
     */
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    for (;;) {
        int other;
        pid_t ended = waitpid(-1, &other, WNOHANG);
        if (ended < 0)
            break;
        if (ended == child)
            status = other;
        if (ended == child || getppid() != parent)
            patience = &grace;
        if (ended > 0)
            continue;
        int number = sigtimedwait(&set, NULL, patience);
        if (number == SIGTERM)
            patience = &grace;
        else if (number < 0 && errno == EAGAIN)
            break;
    }
    children_end(host);
    if (WIFSIGNALED(status))
        raise(WTERMSIG(status));
    _exit(WEXITSTATUS(status));
}

/* A pid namespace takes effect for children only. Returns the exit status. */
static int run_child(const struct enter *enter, const struct joining *joining, const struct shell *shell,
                     struct failure *failure)
{
    struct session session;
    int pipes[2];
    char byte;

    if (pipe2(pipes, O_CLOEXEC) < 0)
        return fail(failure, "pipe2", errno);
    session_begin(&session);
    /* To the child a parent outside of its pid namespace has no number. */
    pid_t parent = joining_has(joining, NS_PID) ? 0 : getpid();
    session.child = fork();
    if (session.child == 0) {
        session_child(&session);
        int result = enter->kills_descendants ? watch_descendants(joining->host, parent, pipes[1], failure) : 0;
        if (enter->kills_descendants)
            parent = getppid();
        if (!result)
            result = execute(enter, joining, shell, parent, failure);
        int status = report(enter, failure, result);
        (void)!write(pipes[1], "", 1);
        _exit(status);
    }
    int number = errno;
    close(pipes[1]);
    if (session.child < 0) {
        close(pipes[0]);
        fail(failure, "fork", number);
        if (number == ENOMEM && joining_has(joining, NS_PID))
            failure->detail = "the pid namespace's init has ended, so nothing can run in it any more";
        return -number;
    }
    bool runs = read(pipes[0], &byte, 1) == 0;
    close(pipes[0]);
    if (runs && enter->has_records)
        print_entered(enter, joining, session.child);
    int status = session_wait(&session);
    if (runs && enter->has_records)
        print_exit(enter, session.status);
    return status;
}

int enter_join(const struct enter *enter, struct joining *joining, unsigned only, struct failure *failure)
{
    int result = 0;

    for (size_t i = 0; !result && i < enter->targets; i++)
        result = joining_add(joining, enter->target[i], only, failure);
    for (size_t i = 0; !result && i < enter->expects; i++)
        result = joining_expect(joining, enter->expect[i], failure);
    for (enum ns_type type = 0; !result && type < NS_TYPES; type++)
        if ((enter->only >> type & 1) && joining->fd[type] < 0)
            result = fail_usage(failure, "only", "no target has a namespace of a type that --only names");
    if (result)
        return result;
    close_on_exec(joining->host);
    /* Who is in the target's namespaces has no business in this process, which still has the host's open. */
    prctl(PR_SET_DUMPABLE, 0);
    return joining_join(joining, failure);
}

/* Returns the exit status, or -errno. */
static int run(const struct enter *enter, struct joining *joining, struct failure *failure)
{
    struct shell shell = { .busybox = -1 };
    pid_t parent = getppid();

    if (enter->has_shell && (enter->fallbacks & FALLBACK_BUSYBOX))
        shell_open(&shell);
    joining->wants_root = enter->has_root;
    joining->wants_directory = enter->has_cwd && !enter->cwd;
    int result = enter_join(enter, joining, enter->only, failure);
    if (result)
        return result;
    if (!joining_has(joining, NS_PID) && !enter->has_records) {
        session_take_terminal();
        return execute(enter, joining, &shell, parent, failure);
    }
    if (!session_die_with(parent))
        return fail(failure, "parent", ESRCH);
    return run_child(enter, joining, &shell, failure);
}

int verb_enter(const struct options *options, struct output *output, struct failure *failure)
{
    struct enter enter = { .records = STDERR_FILENO };
    struct joining joining;
    struct host host = { .proc = -1 };
    int result = enter_parse(options->word, options->count, &enter, failure);

    (void)output;
    joining_init(&joining, &host);
    if (!result)
        result = host_open(&host, failure);
    if (!result)
        result = run(&enter, &joining, failure);
    if (result < 0)
        result = report(&enter, failure, result);
    joining_close(&joining);
    host_close(&host);
    /* The status is the command's, which no other verb has. */
    _exit(result);
}
