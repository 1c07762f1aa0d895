#include "create.h"

#include "text.h"
#include "util.h"

#include <fcntl.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/statfs.h>

/* A minimal /dev: what runtime-spec's config-linux.md lists as default devices, from the host's own. */
static const char devices[][8] = { "null", "zero", "full", "random", "urandom", "tty" };

static int fail_path(struct failure *failure, const char *step, const char *path, int number)
{
    fail(failure, step, number);
    failure->path = path;
    failure->type = NS_MNT;
    return -number;
}

static bool has_root(const struct create *create)
{
    return create->root && strspn(create->root, "/") != strlen(create->root);
}

/* Whether the folder is there; what it is not needed for may be missing in a root file system. */
static bool is_folder(const char *path)
{
    struct stat status;

    return stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

/* Nothing that is mounted from here on is to be seen outside, nor what is unmounted there to vanish here. */
static int make_private(struct failure *failure)
{
    if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 || mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL) == 0)
        return 0;
    return fail_path(failure, "mount", "/", errno);
}

int root_prepare(struct inside *inside, struct failure *failure)
{
    const struct create *create = inside->create;
    int result = make_private(failure);

    if (result)
        return result;
    if (has_root(create)) {
        /* pivot_root takes mount points only. Recursive, since locked mounts beneath would forbid it otherwise. */
        if (mount(create->root, create->root, NULL, MS_BIND | MS_REC, NULL) < 0)
            return fail_path(failure, "mount", create->root, errno);
        inside->root = open(create->root, O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (inside->root < 0)
            return fail_path(failure, "open", create->root, errno);
    }
    for (size_t i = 0; i < create->mounts.count; i++) {
        struct create_mount words;
        if (!create_parse_mount(create->mounts.item[i], &words))
            return fail(failure, "mount", EINVAL);
        inside->source[i] = open(words.source, O_PATH | O_CLOEXEC);
        if (inside->source[i] < 0)
            return fail_path(failure, "open", create->mounts.item[i], errno);
    }
    for (size_t i = 0; i < array_length(devices); i++) {
        char path[32];
        text_format(path, sizeof path, "/dev/%s", devices[i]);
        inside->device[i] = open(path, O_PATH | O_CLOEXEC);
    }
    inside->cgroups = open("/sys/fs/cgroup", O_PATH | O_DIRECTORY | O_CLOEXEC);
    inside->proc = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
    return 0;
}

/* Sources are open descriptors, named by the /proc of before, which is the current folder while this goes on. */
static int bind_descriptor(int fd, const char *target, unsigned long flags)
{
    char source[32];

    text_format(source, sizeof source, "self/fd/%d", fd);
    return mount(source, target, NULL, MS_BIND | flags, NULL) < 0 ? -errno : 0;
}

/* Flags that must not be lost when a bind mount is made read-only, mount_namespaces(7): they may be locked. */
static unsigned long locked_flags(const char *path)
{
    static const struct {
        unsigned long statfs, mount;
    } flags[] = { { 2, MS_NOSUID }, { 4, MS_NODEV }, { 8, MS_NOEXEC }, { 0x400, MS_NOATIME }, { 0x800, MS_NODIRATIME },
                  { 0x1000, MS_RELATIME } };
    struct statfs status;
    unsigned long found = 0;

    for (size_t i = 0; statfs(path, &status) == 0 && i < array_length(flags); i++)
        found |= (unsigned long)status.f_flags & flags[i].statfs ? flags[i].mount : 0;
    return found;
}

static int bind_mounts(struct inside *inside, struct failure *failure)
{
    const struct create *create = inside->create;

    for (size_t i = 0; i < create->mounts.count; i++) {
        struct create_mount words;
        create_parse_mount(create->mounts.item[i], &words);
        int result = bind_descriptor(inside->source[i], words.target, MS_REC);
        unsigned long again = MS_BIND | MS_REMOUNT | MS_RDONLY;
        if (!result && words.read_only && mount(NULL, words.target, NULL, again | locked_flags(words.target), NULL) < 0)
            result = -errno;
        if (result)
            return fail_path(failure, "mount", create->mounts.item[i], -result);
    }
    return 0;
}

/* A new pid namespace's own /proc. Where there is none, the kernel may refuse another than the host's. */
static int mount_proc(struct inside *inside, struct failure *failure)
{
    const struct create *create = inside->create;

    if (!create->mount_proc && (!create->root || !is_folder("/proc")))
        return 0;
    if (mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) == 0)
        return 0;
    int number = errno;
    if (number == EPERM && !create->mount_proc && !has_type(create->new_types, NS_PID)) {
        int result = bind_descriptor(inside->proc, "/proc", MS_REC);
        number = -result;
    }
    return number ? fail_path(failure, "mount", "/proc", number) : 0;
}

/* sysfs shows one net namespace. Who may not mount it, as where parts of the host's are covered, goes without. */
static void mount_sys(struct inside *inside)
{
    const struct create *create = inside->create;

    if (!has_type(create->new_types, NS_NET) || (!create->root && !create->mount_proc) || !is_folder("/sys") ||
        mount("sysfs", "/sys", "sysfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) < 0)
        return;
    if (!has_root(create) && inside->cgroups >= 0)
        bind_descriptor(inside->cgroups, "/sys/fs/cgroup", MS_REC);
}

static int mount_dev(struct inside *inside, struct failure *failure)
{
    static const char links[][2][16] = {
        { "pts/ptmx", "/dev/ptmx" },         { "/proc/self/fd", "/dev/fd" },      { "/proc/self/fd/0", "/dev/stdin" },
        { "/proc/self/fd/1", "/dev/stdout" }, { "/proc/self/fd/2", "/dev/stderr" },
    };

    if (!is_folder("/dev"))
        return 0;
    if (mount("tmpfs", "/dev", "tmpfs", MS_NOSUID | MS_STRICTATIME, "mode=755,size=65536k") < 0)
        return fail_path(failure, "mount", "/dev", errno);
    for (size_t i = 0; i < array_length(devices); i++) {
        char path[32];
        if (inside->device[i] < 0)
            continue;
        text_format(path, sizeof path, "/dev/%s", devices[i]);
        autoclose int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        int result = fd < 0 ? -errno : bind_descriptor(inside->device[i], path, 0);
        if (result)
            return fail_path(failure, "mount", "/dev", -result);
    }
    for (size_t i = 0; i < array_length(links); i++)
        if (symlink(links[i][0], links[i][1]) < 0)
            return fail_path(failure, "symlink", "/dev", errno);
    if (mkdir("/dev/pts", 0755) < 0 || mkdir("/dev/shm", 0755) < 0 || mkdir("/dev/mqueue", 0755) < 0)
        return fail_path(failure, "mkdir", "/dev", errno);
    if (mount("devpts", "/dev/pts", "devpts", MS_NOSUID | MS_NOEXEC, "newinstance,ptmxmode=0666,mode=0620") < 0)
        return fail_path(failure, "mount", "/dev/pts", errno);
    if (mount("shm", "/dev/shm", "tmpfs", MS_NOSUID | MS_NODEV, "mode=1777,size=65536k") < 0)
        return fail_path(failure, "mount", "/dev/shm", errno);
    /* Not every kernel has message queues, and only their own ipc namespace's may be mounted. */
    if (!has_type(inside->create->new_types, NS_IPC) ||
        mount("mqueue", "/dev/mqueue", "mqueue", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) < 0)
        rmdir("/dev/mqueue");
    return 0;
}

/* pivot_root(2), the way with one folder: the old root then lies on top of the new one, where no path leads. */
static int pivot(struct inside *inside, struct failure *failure)
{
    const char *path = inside->create->root;

    if (fchdir(inside->root) < 0 || syscall(SYS_pivot_root, ".", ".") < 0)
        return fail_path(failure, "pivot_root", path, errno);
    return 0;
}

static int detach(struct inside *inside, int old, struct failure *failure)
{
    if (fchdir(old) < 0 || umount2(".", MNT_DETACH) < 0 || chdir("/") < 0)
        return fail_path(failure, "umount2", inside->create->root, errno);
    return 0;
}

int root_finish(struct inside *inside, struct failure *failure)
{
    const struct create *create = inside->create;
    bool pivots = has_root(create);
    autoclose int old = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC), before = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
    mode_t mask = umask(0);
    int result = pivots ? pivot(inside, failure) : 0;

    if (!result && inside->proc >= 0 && fchdir(inside->proc) < 0)
        result = fail_path(failure, "open", "/proc", errno);
    if (!result)
        result = mount_proc(inside, failure);
    if (!result)
        mount_sys(inside);
    if (!result && pivots)
        result = mount_dev(inside, failure);
    if (!result)
        result = bind_mounts(inside, failure);
    if (!result && pivots)
        result = detach(inside, old, failure);
    else if (!result && (before < 0 || fchdir(before) < 0) && chdir("/") < 0)
        result = fail_path(failure, "chdir", "/", errno);
    umask(mask);
    return result;
}
