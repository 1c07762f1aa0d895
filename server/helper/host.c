#include "host.h"

#include "kernel.h"
#include "nsfs.h"
#include "procfs.h"
#include "util.h"

#include <fcntl.h>
#include <grp.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <time.h>

#define CAP_SYS_PTRACE 19

uint64_t host_capabilities(void)
{
    char text[8192];
    size_t size;
    uint64_t set = 0;
    ssize_t length = read_file_at(AT_FDCWD, "/proc/self/status", text, sizeof text);
    const char *value = length > 0 ? find_field(text, (size_t)length, "CapEff", &size) : NULL;

    for (; value && size > 0; value++, size--) {
        unsigned digit = *value <= '9' ? (unsigned)(*value - '0') : (unsigned)(*value - 'a' + 10);
        set = set << 4 | (digit & 15);
    }
    return set;
}

/* True when /proc counts pids as getpid() does. Only then are pids from it good for system calls. */
static bool shows_own_pids(int proc)
{
    char text[8192];
    size_t size;
    uint64_t number;
    ssize_t length = readlinkat(proc, "self", text, sizeof text);
    const char *at = text;

    if (length <= 0 || !parse_number(&at, text + length, &number) || number != (uint64_t)getpid())
        return false;
    /* The numbers could still agree by chance; seen from an outer namespace there are more levels than one. */
    length = read_file_at(proc, "self/status", text, sizeof text);
    const char *value = length > 0 ? find_field(text, (size_t)length, "NSpid", &size) : NULL;
    return value && !memchr(value, '\t', size) && !memchr(value, ' ', size);
}

static bool has_pidfd_info(void)
{
    struct pidfd_info info = { .mask = PIDFD_INFO_PID | PIDFD_INFO_CREDS };
    autoclose int fd = (int)syscall(SYSCALL_PIDFD_OPEN, getpid(), 0);

    return fd >= 0 && ioctl(fd, (int)PIDFD_GET_INFO, &info) == 0 && (info.mask & PIDFD_INFO_CREDS);
}

static void find_cgroups(struct host *host)
{
    char text[16384];

    if (read_text_at(host->proc, "self/cgroup", text, sizeof text) <= 0)
        return;
    host->cgroup_systemd = find_text(text, ":name=systemd:");
    host->cgroup_unified = strncmp(text, "0::", 3) == 0 || find_text(text, "\n0::");
}

uint64_t host_ticks_per_second(void)
{
    return getauxval(AT_CLKTCK);
}

uint64_t host_ticks(void)
{
    struct timespec now;
    uint64_t ticks = host_ticks_per_second();

    clock_gettime(CLOCK_BOOTTIME, &now);
    return (uint64_t)now.tv_sec * ticks + (uint64_t)now.tv_nsec * ticks / 1000000000;
}

/* Value of `name=` among comma-separated mount options. */
static const char *option_value(const char *options, const char *end, const char *name, size_t *length)
{
    size_t name_length = strlen(name);

    while (options < end) {
        const char *comma = memchr(options, ',', (size_t)(end - options));
        const char *stop = comma ? comma : end;
        if ((size_t)(stop - options) > name_length && memcmp(options, name, name_length) == 0) {
            *length = (size_t)(stop - options) - name_length;
            return options + name_length;
        }
        options = stop + 1;
    }
    return NULL;
}

static bool in_group(uint64_t group)
{
    gid_t groups[1024];
    int count = getgroups(array_length(groups), groups);

    if (getegid() == group)
        return true;
    for (int i = 0; i < count; i++)
        if (groups[i] == group)
            return true;
    return false;
}

/* Options of the topmost mount on /proc: the last one listed hides the others. */
static void find_hidepid(struct host *host)
{
    autofree char *text = NULL;
    size_t capacity = 0, size;
    ssize_t length = read_whole_at(host->proc, "self/mountinfo", &text, &capacity);
    struct lines lines = lines_of(text, length);
    const char *line, *stop, *options = NULL, *options_end = NULL, *value;
    struct stat status;
    uint64_t group;

    while (next_line(&lines, &line, &stop)) {
        const char *fields = find_bytes(line, (size_t)(stop - line), " - proc ", 8);
        const char *mount_point = find_bytes(line, (size_t)(stop - line), " /proc ", 7);
        if (fields && mount_point && mount_point < fields) {
            const char *blank = memrchr(fields, ' ', (size_t)(stop - fields));
            options = blank + 1;
            options_end = stop;
        }
    }
    if (!options || !(value = option_value(options, options_end, "hidepid=", &size)))
        return;
    if (size >= sizeof host->hidepid)
        size = sizeof host->hidepid - 1;
    memcpy(host->hidepid, value, size);
    host->hidepid[size] = '\0';
    /* 1 and noaccess still list everyone; 4 and ptraceable make no exception for the group. */
    bool invisible = strcmp(host->hidepid, "2") == 0 || strcmp(host->hidepid, "invisible") == 0;
    bool ptraceable = strcmp(host->hidepid, "4") == 0 || strcmp(host->hidepid, "ptraceable") == 0;
    /* A security module may keep even root from tracing process 1, which is then not listed though it exists. */
    if (host_capabilities() >> CAP_SYS_PTRACE & 1) {
        host->hidden = ptraceable && fstatat(host->proc, "1", &status, 0) < 0;
        return;
    }
    /* Group 0 is the one excepted when no other is named. */
    value = option_value(options, options_end, "gid=", &size);
    if (!value || !parse_number(&value, options_end, &group))
        group = 0;
    host->hidden = ptraceable || (invisible && !in_group(group));
}

static bool has_listns(void)
{
    struct ns_id_req request = { .size = sizeof request };
    uint64_t id;

    return syscall(SYSCALL_LISTNS, &request, &id, (size_t)1, 0) >= 0 || errno != ENOSYS;
}

int host_open(struct host *host, struct failure *failure)
{
    struct statfs filesystem;

    *host = (struct host){ .proc = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC) };
    if (host->proc < 0)
        return fail(failure, "open", errno);
    /* A container image may have an ordinary directory there. */
    if (fstatfs(host->proc, &filesystem) < 0 || filesystem.f_type != PROC_SUPER_MAGIC) {
        host_close(host);
        return fail(failure, "procfs", ENODEV);
    }
    for (unsigned slot = 0; slot < NS_SLOTS; slot++) {
        char path[PROC_PATH_SIZE] = "self/ns/";
        strcat(path, ns_slot_link(slot));
        read_namespace_link(host->proc, path, &host->own[slot]);
    }
    if (shows_own_pids(host->proc))
        host->pidfd_info = has_pidfd_info();
    else
        host->own[NS_PID] = 0;
    find_cgroups(host);
    host->listns = has_listns();
    find_hidepid(host);

    /* A kernel may be built without one type or another. */
    for (unsigned slot = 0; host->nsfs_device == 0 && slot < NS_TYPES; slot++) {
        char path[PROC_PATH_SIZE] = "self/ns/";
        strcat(path, ns_slot_link(slot));
        autoclose int fd = openat(host->proc, path, O_RDONLY | O_CLOEXEC);
        if (fd >= 0)
            nsfs_probe(host, fd);
    }
    return 0;
}

void host_close(struct host *host)
{
    if (host->proc >= 0)
        close(host->proc);
    host->proc = -1;
}
