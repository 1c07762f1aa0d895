#include "joining.h"

#include "kernel.h"
#include "nsfs.h"
#include "procfs.h"
#include "text.h"
#include "util.h"

#include <fcntl.h>
#include <sched.h>
#include <string.h>

void joining_init(struct joining *joining, const struct host *host)
{
    *joining = (struct joining){ .host = host, .pidfd = -1, .root = -1, .directory = -1, .mounts = -1 };
    for (enum ns_type type = 0; type < NS_TYPES; type++)
        joining->fd[type] = -1;
}

static void close_one(int *fd)
{
    cleanup_close(fd);
    *fd = -1;
}

void joining_close(struct joining *joining)
{
    for (enum ns_type type = 0; type < NS_TYPES; type++)
        close_one(&joining->fd[type]);
    close_one(&joining->pidfd);
    close_one(&joining->root);
    close_one(&joining->directory);
    close_one(&joining->mounts);
}

static int fail_type(struct failure *failure, const char *step, int number, enum ns_type type, const char *detail)
{
    fail(failure, step, number);
    failure->type = type;
    failure->detail = detail;
    return -number;
}

/* Takes the descriptor over. */
static int take(struct joining *joining, enum ns_type type, int fd, bool of_process, struct failure *failure)
{
    if (joining->fd[type] >= 0 && !(joining->of_process >> type & 1)) {
        /* What was named by itself stays, whatever the order of the words. */
        close(fd);
        return of_process ? 0 : fail_usage(failure, "target", "two targets are of the same type");
    }
    close_one(&joining->fd[type]);
    joining->fd[type] = fd;
    joining->of_process = (joining->of_process & ~(1u << type)) | (unsigned)of_process << type;
    int result = nsfs_inode(fd, &joining->id[type]);
    return result ? fail_type(failure, "fstat", -result, type, NULL) : 0;
}

static int add_type(struct joining *joining, int process, enum ns_type type, bool asked, struct failure *failure)
{
    const struct host *host = joining->host;
    char path[PROC_PATH_SIZE];

    text_format(path, sizeof path, "ns/%s", ns_types[type].name);
    int fd = openat(process, path, O_RDONLY | O_CLOEXEC);
    if (fd >= 0)
        return take(joining, type, fd, true, failure);
    if (errno != ENOENT)
        return fail_type(failure, "open", errno, type, NULL);
    /* A zombie has a folder, but no namespaces any more. */
    if (host->own[type] != 0 || type == NS_PID)
        return fail_type(failure, "open", ESRCH, type, "the process has ended");
    return asked ? fail_type(failure, "open", EINVAL, type, "this kernel has no namespaces of this type") : 0;
}

static int open_place(int process, const char *name, int flags, int *fd, struct failure *failure)
{
    *fd = openat(process, name, flags | O_CLOEXEC);
    return *fd < 0 ? fail_type(failure, "open", errno, NS_NONE, "the root, working directory or mounts of the process") : 0;
}

static int add_process(struct joining *joining, struct reference *reference, unsigned only, struct failure *failure)
{
    if (joining->of_process)
        return fail_usage(failure, "target", "two targets are processes or instances");
    autoclose int process = reference_open_process(joining->host, reference, failure);
    int result = process < 0 ? process : 0;
    for (enum ns_type type = 0; !result && type < NS_TYPES; type++)
        if (!only || (only >> type & 1))
            result = add_type(joining, process, type, only, failure);
    if (!result && joining->wants_root)
        result = open_place(process, "root", O_PATH | O_DIRECTORY, &joining->root, failure);
    if (!result && joining->wants_directory)
        result = open_place(process, "cwd", O_PATH | O_DIRECTORY, &joining->directory, failure);
    if (!result && joining->wants_mounts)
        result = open_place(process, "mountinfo", O_RDONLY, &joining->mounts, failure);
    if (result || joining->host->own[NS_PID] == 0)
        return result;
    joining->pidfd = (int)syscall(SYSCALL_PIDFD_OPEN, reference->id, 0);
    /* That its folder still answers proves that the pid meant it when the descriptor was made. */
    autoclose int again = reference_open_process(joining->host, reference, failure);
    return again < 0 ? again : 0;
}

static int add_one(struct joining *joining, const struct reference *reference, enum ns_type type,
                   struct failure *failure)
{
    struct nsfs_identity identity;
    int fd = reference_open_parsed(joining->host, reference, type, failure);

    if (fd < 0)
        return fd;
    int result = nsfs_identify(joining->host, fd, &identity);
    if (!result)
        return take(joining, identity.type, fd, false, failure);
    close(fd);
    return fail(failure, "nsfs", -result);
}

/* A process that is in the namespaces has a root and a folder too, so it goes before what only keeps them. */
static int add_instance(struct joining *joining, const struct reference *reference, unsigned only,
                        struct failure *failure)
{
    struct instance instance;
    int result = instance_find(joining->host, reference->text, &instance, failure);
    unsigned found = 0;

    /* ip-netns(8) has names too. */
    if (result == -ENOENT)
        return add_one(joining, reference, NS_NET, failure);
    if (!result && instance.pid && instance.members) {
        struct reference holder = {
            .kind = REFERENCE_PROCESS, .id = instance.pid, .has_start = true, .start = instance.start
        };
        return add_process(joining, &holder, only, failure);
    }
    for (enum ns_type type = 0; !result && type < NS_TYPES; type++) {
        if (only && !(only >> type & 1))
            continue;
        result = add_one(joining, reference, type, failure);
        found += !result;
        if (result == -ENOENT && !only)
            result = 0;
    }
    return result || found ? result : fail_type(failure, "name", ENOENT, NS_NONE, "it keeps no namespace");
}

int joining_add(struct joining *joining, const char *text, unsigned only, struct failure *failure)
{
    const char *colon = strchr(text, ':');
    enum ns_type type = colon ? ns_type_by_name(text, (size_t)(colon - text)) : NS_NONE;
    struct reference reference;
    struct failure first = { 0 };
    int result = reference_parse(text, &reference, &first);

    if (!result && reference.kind == REFERENCE_PROCESS)
        return add_process(joining, &reference, only, failure);
    if (!result && reference.kind == REFERENCE_NAME)
        return add_instance(joining, &reference, only, failure);
    if (!result)
        return add_one(joining, &reference, NS_NONE, failure);
    if (type == NS_NONE) {
        *failure = first;
        return result;
    }
    /* `net:blue`, `uts:pid:912`, `mnt:/run/…` */
    result = reference_parse(colon + 1, &reference, failure);
    return result ? result : add_one(joining, &reference, type, failure);
}

int joining_expect(const struct joining *joining, const char *text, struct failure *failure)
{
    struct reference reference;
    int result = reference_parse(text, &reference, failure);

    if (result || reference.kind != REFERENCE_NAMESPACE)
        return fail_usage(failure, "expect", "--expect takes TYPE:ID");
    if (joining->fd[reference.type] < 0)
        return fail_usage(failure, "expect", "--expect names a type that is not to be joined");
    if (joining->id[reference.type] != reference.id)
        return fail_type(failure, "expect", ESTALE, reference.type, "the target is in another namespace by now");
    return 0;
}

/* Where children are created counts for pid; what a process itself is in cannot be changed. */
static bool is_own(const struct joining *joining, enum ns_type type)
{
    char path[PROC_PATH_SIZE];
    uint32_t own, children;

    text_format(path, sizeof path, "self/ns/%s", ns_types[type].name);
    if (read_namespace_link(joining->host->proc, path, &own) || own != joining->id[type])
        return false;
    if (!ns_types[type].for_children)
        return true;
    text_format(path, sizeof path, "self/ns/%s", ns_types[type].for_children);
    return read_namespace_link(joining->host->proc, path, &children) || children == own;
}

static int join_at_once(const struct joining *joining)
{
    int flags = 0;

    for (enum ns_type type = 0; type < NS_TYPES; type++)
        if (joining_has(joining, type))
            flags |= (int)ns_types[type].clone_flag;
    if (joining->pidfd < 0 || (joining->needed & ~joining->of_process))
        return -ENOSYS;
    return setns(joining->pidfd, flags) < 0 ? -errno : 0;
}

/*
 * setns(2) asks for CAP_SYS_ADMIN over the namespace's owner and in the caller's user namespace. Where the caller has
 * both already, it would lose the first with the user namespace of the target; where it has not, it gets them there. So
 * what can be joined is joined first, as nsenter(1) does it.
 */
static int join_one_by_one(const struct joining *joining, struct failure *failure)
{
    unsigned left = joining->needed & ~(1u << NS_USER);

    for (int pass = 0; pass < 2; pass++) {
        for (enum ns_type type = 0; type < NS_TYPES; type++) {
            if (!(left >> type & 1))
                continue;
            if (setns(joining->fd[type], (int)ns_types[type].clone_flag) == 0)
                left &= ~(1u << type);
            else if (pass == 1 || errno != EPERM || !joining_has(joining, NS_USER))
                return fail_type(failure, "setns", errno, type, NULL);
        }
        if (pass == 0 && joining_has(joining, NS_USER) && setns(joining->fd[NS_USER], CLONE_NEWUSER) < 0)
            return fail_type(failure, "setns", errno, NS_USER, NULL);
    }
    return 0;
}

static int compare(const struct joining *joining, struct failure *failure)
{
    for (enum ns_type type = 0; type < NS_TYPES; type++) {
        const char *link = type == NS_PID ? ns_types[type].for_children : ns_types[type].name;
        char path[PROC_PATH_SIZE];
        uint32_t id;
        if (!joining_has(joining, type))
            continue;
        text_format(path, sizeof path, "self/ns/%s", link);
        /* pid_for_children has no answer while the namespace has no process, and is there from 4.12 on. */
        int result = read_namespace_link(joining->host->proc, path, &id);
        if (result && type == NS_PID)
            continue;
        if (result || id != joining->id[type])
            return fail_type(failure, "setns", ESTALE, type, "the process has moved to another namespace");
    }
    return 0;
}

int joining_join(struct joining *joining, struct failure *failure)
{
    for (enum ns_type type = 0; type < NS_TYPES; type++)
        if (joining->fd[type] >= 0 && !is_own(joining, type))
            joining->needed |= 1u << type;
    if (!joining->needed)
        return 0;
    int result = join_at_once(joining);
    if (result == -ESRCH)
        return fail_type(failure, "setns", ESRCH, NS_NONE, "the process has ended");
    /* An error of one is better told of that one; EINVAL is also what an older kernel says to a pidfd. */
    if (result)
        result = join_one_by_one(joining, failure);
    return result ? result : compare(joining, failure);
}

int joining_join_with_owner(struct joining *joining, struct failure *failure)
{
    int result = joining_join(joining, failure);

    if (result != -EPERM || joining->fd[NS_USER] >= 0)
        return result;
    joining->fd[NS_USER] = nsfs_owner(joining->fd[NS_NET]);
    if (joining->fd[NS_USER] < 0 || nsfs_inode(joining->fd[NS_USER], &joining->id[NS_USER]))
        return result;
    *failure = (struct failure){ 0 };
    return joining_join(joining, failure);
}
