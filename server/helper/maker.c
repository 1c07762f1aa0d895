#include "create.h"

#include "channel.h"
#include "kernel.h"
#include "text.h"
#include "title.h"
#include "util.h"

#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <sched.h>
#include <string.h>
#include <sys/prctl.h>

bool tie_to_guardian(int control)
{
    struct pollfd guardian = { .fd = control };

    /* It may have died before prctl took effect; from within a pid namespace getppid(2) would not tell. */
    return prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 && poll(&guardian, 1, 0) >= 0 &&
           !(guardian.revents & (POLLHUP | POLLERR));
}

static int fail_type(struct failure *failure, const char *step, enum ns_type type, int number)
{
    fail(failure, step, number);
    failure->type = type;
    return -number;
}

static int join_one(const struct create *create, enum ns_type type, struct failure *failure)
{
    if (setns(create->join[type].fd, (int)ns_types[type].clone_flag) < 0)
        return fail_type(failure, "setns", type, errno);
    return 0;
}

/*
 * What the caller may join it joins with its own rights, because the new user namespace gives none over it. What only the
 * joined user namespace gives rights over is left for later. The mount namespace comes last: it changes every path.
 */
static int join_types(const struct create *create, unsigned *left, bool last, struct failure *failure)
{
    static const enum ns_type order[] = { NS_CGROUP, NS_IPC, NS_UTS, NS_NET, NS_PID, NS_TIME, NS_MNT };

    for (size_t i = 0; i < array_length(order); i++) {
        if (!has_type(*left, order[i]))
            continue;
        int result = join_one(create, order[i], failure);
        if (result == -EPERM && !last)
            continue;
        if (result)
            return result;
        *left &= ~(1u << order[i]);
    }
    return 0;
}

/* In one call as unshare(1) does it. Which type was refused is asked one by one, in a process that ends anyway. */
static int unshare_types(unsigned types, struct failure *failure)
{
    unsigned flags = 0;

    for (enum ns_type type = 0; type < NS_TYPES; type++)
        flags |= has_type(types, type) ? ns_types[type].clone_flag : 0;
    if (flags == 0 || unshare((int)flags) == 0)
        return 0;
    int number = errno;
    for (enum ns_type type = 0; type < NS_TYPES; type++)
        if (has_type(types, type) && unshare((int)ns_types[type].clone_flag) < 0)
            return fail_type(failure, "unshare", type, errno);
    return fail(failure, "unshare", number);
}

/* time_namespaces(7): before the first process is in it. */
static int set_offsets(const struct create *create, const struct host *host, struct failure *failure)
{
    char text[128] = "";

    if (create->has_monotonic)
        text_format(text, sizeof text, "monotonic %lld 0\n", (long long)create->monotonic);
    if (create->has_boottime)
        text_format(text + strlen(text), 64, "boottime %lld 0\n", (long long)create->boottime);
    if (!text[0])
        return 0;
    autoclose int fd = openat(host->proc, "self/timens_offsets", O_WRONLY | O_CLOEXEC);
    if (fd < 0 || write(fd, text, strlen(text)) < 0)
        return fail_type(failure, "timens_offsets", NS_TIME, errno);
    return 0;
}

static int make_types(const struct create *create, const struct host *host, int control, struct failure *failure)
{
    unsigned left = create->join_types & ~(1u << NS_USER), made = create->new_types & ~(1u << NS_USER);
    bool switches = has_type(create->join_types | create->new_types, NS_USER);
    int result = join_types(create, &left, !switches, failure);

    if (!result && has_type(create->join_types, NS_USER))
        result = join_one(create, NS_USER, failure);
    if (!result && has_type(create->new_types, NS_USER)) {
        result = unshare_types(1u << NS_USER, failure);
        if (!result && (!channel_send(control, MESSAGE_USER, 0) || !channel_expect(control, MESSAGE_GO)))
            _exit(1);
    }
    if (!result)
        result = join_types(create, &left, true, failure);
    if (!result)
        result = unshare_types(made, failure);
    return result ? result : set_offsets(create, host, failure);
}

/* What /proc shows, so that everybody finds a kept instance by it: the name, then what it keeps. */
static int set_title(const struct create *create, struct failure *failure)
{
    char text[256];
    size_t length = text_format(text, sizeof text, create->keep ? "linux-namespaces: %s " : "linux-namespaces-init ",
                                create->keep);

    for (enum ns_type type = 0; type < NS_TYPES; type++)
        if (has_type(create->new_types | create->join_types, type))
            length += text_format(text + length, sizeof text - length, "%s,", ns_types[type].name);
    text[length - 1] = '\0';
    int result = title_save_environment();
    if (!result)
        result = title_set(text);
    return result && create->keep ? fail(failure, "title", -result) : 0;
}

/* Moves what stays open to the lowest numbers, so that everything above, also what the caller left open, can be closed. */
static int keep_open(struct inside *inside, struct host *host, struct failure *failure)
{
    int null = fcntl(inside->null, F_DUPFD_CLOEXEC, 10), control = fcntl(inside->control, F_DUPFD_CLOEXEC, 10),
        proc = fcntl(host->proc, F_DUPFD_CLOEXEC, 10);

    if (null < 0 || control < 0 || proc < 0)
        return fail(failure, "fcntl", errno);
    dup3(null, 3, O_CLOEXEC);
    dup3(control, 4, O_CLOEXEC);
    dup3(proc, 5, O_CLOEXEC);
    close_from(6);
    inside->null = 3;
    inside->control = 4;
    host->proc = 5;
    return 0;
}

/* In the process that stays. */
static _Noreturn void stay(struct inside *inside, struct host *host)
{
    struct failure failure = { 0 };

    if (!tie_to_guardian(inside->control) || !channel_expect(inside->control, MESSAGE_GO))
        _exit(1);
    int result = keep_open(inside, host, &failure);
    if (!result)
        result = inside_prepare(inside, &failure);
    if (!result)
        result = inside_finish(inside, &failure);
    if (result) {
        channel_send_failure(inside->control, &failure, result);
        _exit(1);
    }
    /* What was opened of the host is no business of what runs here; it would also be a way out. */
    close_from(5);
    if (!channel_send(inside->control, MESSAGE_READY, 0) || !channel_expect(inside->control, MESSAGE_GO))
        _exit(0);
    init_run(inside);
}

_Noreturn void maker_run(const struct create *create, const struct host *host, int control, pid_t guardian)
{
    struct failure failure = { 0 };
    struct host own = *host;
    struct inside inside = { .create = create, .host = &own, .control = control, .root = -1, .cgroups = -1, .proc = -1 };
    unsigned all = create->new_types | create->join_types;
    pid_t child = 0;

    if (!tie_to_guardian(control) || getppid() != guardian)
        _exit(1);
    inside.null = open("/dev/null", O_RDWR | O_CLOEXEC);
    int result = inside.null < 0 ? fail(&failure, "/dev/null", errno) : set_title(create, &failure);
    if (!result)
        result = make_types(create, host, control, &failure);
    if (!result && (has_type(all, NS_PID) || has_type(all, NS_TIME))) {
        /* The first child is what enters both. Its parent is to be the guardian, not this process, which is done. */
        child = (pid_t)syscall(SYS_clone, CLONE_PARENT | SIGCHLD, 0, 0, 0, 0);
        if (child < 0)
            result = fail(&failure, "clone", errno);
    }
    if (result) {
        channel_send_failure(control, &failure, result);
        _exit(1);
    }
    if (child > 0) {
        channel_send(control, MESSAGE_MADE, child);
        _exit(0);
    }
    if (!has_type(all, NS_PID) && !has_type(all, NS_TIME) && !channel_send(control, MESSAGE_MADE, getpid()))
        _exit(1);
    stay(&inside, &own);
}
