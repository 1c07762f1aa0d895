#include "surroundings.h"

#include "mountinfo.h"
#include "procfs.h"
#include "text.h"
#include "util.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

/* Settings beneath /proc/sys that belong to one namespace, or bound what can be made. */
static const char sysctls[][36] = {
    "kernel/hostname", "kernel/domainname",
    "kernel/shmmax", "kernel/shmmni", "kernel/msgmax", "kernel/msgmni", "kernel/sem",
    "fs/mqueue/queues_max", "fs/mqueue/msg_max",
    "net/ipv4/ip_forward", "net/core/somaxconn", "net/ipv4/ip_unprivileged_port_start",
    "kernel/pid_max", "kernel/ns_last_pid", "kernel/threads-max",
    "kernel/keys/maxkeys", "kernel/keys/maxbytes",
    "kernel/overflowuid", "kernel/overflowgid", "kernel/cap_last_cap",
    "fs/mount-max",
};

/* Files of the kernel, each of which is what one namespace shows of itself or a way into one. */
static const char interfaces[][26] = {
    "/proc/self/uid_map", "/proc/self/setgroups", "/proc/self/timens_offsets", "/proc/self/mountinfo",
    "/proc/self/cgroup", "/proc/keys", "/proc/key-users", "/proc/net/netlink", "/proc/sysvipc/shm",
    "/sys/class/net", "/dev/net/tun", "/dev/fuse",
};

static const char filesystems[][12] = {
    "proc", "sysfs", "mqueue", "tmpfs", "devpts", "cgroup", "cgroup2", "overlay", "fuse", "binfmt_misc",
};

static void print_sysctls(const struct host *host, struct output *output)
{
    char path[PROC_PATH_SIZE], text[128];

    json_object(output, "sysctls");
    for (unsigned i = 0; i < array_length(sysctls); i++) {
        text_format(path, sizeof path, "sys/%s", sysctls[i]);
        if (read_text_at(host->proc, path, text, sizeof text) >= 0)
            json_text(output, sysctls[i], text);
    }
    json_close(output, '}');
}

/* Lines `[nodev]\tname`. A module that is not loaded is not listed, so absence is no proof that there is none. */
static void print_filesystems(const struct host *host, struct output *output)
{
    autofree char *text = NULL;
    size_t capacity = 0;
    ssize_t length = read_whole_at(host->proc, "filesystems", &text, &capacity);
    struct lines lines = lines_of(text, length);
    const char *line, *stop;

    if (length <= 0)
        return;
    json_array(output, "filesystems");
    while (next_line(&lines, &line, &stop)) {
        const char *tab = memchr(line, '\t', (size_t)(stop - line));
        const char *name = tab ? tab + 1 : line;
        for (unsigned i = 0; i < array_length(filesystems); i++)
            if (strlen(filesystems[i]) == (size_t)(stop - name) &&
                memcmp(filesystems[i], name, (size_t)(stop - name)) == 0)
                json_text(output, NULL, filesystems[i]);
    }
    json_close(output, ']');
}

void interfaces_print(const struct host *host, struct output *output)
{
    struct stat status;

    print_sysctls(host, output);
    json_array(output, "interfaces");
    for (unsigned i = 0; i < array_length(interfaces); i++)
        if (stat(interfaces[i], &status) == 0)
            json_text(output, NULL, interfaces[i]);
    json_close(output, ']');
    print_filesystems(host, output);
}

#define MOUNTS 16
#define COVERS 32

/* Points of mounts whose parent is this one. */
static void print_covers(const char *text, ssize_t length, uint64_t mount, struct output *output)
{
    struct lines lines = lines_of(text, length);
    const char *line, *stop;

    json_array(output, "covered");
    for (unsigned count = 0; count < COVERS && next_line(&lines, &line, &stop);) {
        size_t size;
        uint64_t parent;
        const char *at = mountinfo_field(line, stop, 1, &size);
        if (!at || !parse_number(&at, stop, &parent) || parent != mount)
            continue;
        at = mountinfo_field(line, stop, MOUNTINFO_POINT, &size);
        if (at) {
            json_bytes(output, NULL, at, size);
            count++;
        }
    }
    json_close(output, ']');
}

/* The line's field under a key. */
static void print_field(const char *key, const char *line, const char *stop, unsigned number, struct output *output)
{
    size_t size;
    const char *at = mountinfo_field(line, stop, number, &size);

    if (at)
        json_bytes(output, key, at, size);
}

/*
 * A proc or sysfs may be mounted from a new user namespace only where one that shows everything is mounted already
 * (mount_too_revealing() in fs/namespace.c, since 4.2).
 */
void visible_print(const struct host *host, struct output *output)
{
    autofree char *text = NULL;
    size_t capacity = 0;
    ssize_t length = read_whole_at(host->proc, "self/mountinfo", &text, &capacity);
    struct lines lines = lines_of(text, length);
    const char *line, *stop;

    if (length <= 0)
        return;
    json_array(output, "visible");
    for (unsigned count = 0; count < MOUNTS && next_line(&lines, &line, &stop);) {
        const char *fields = find_bytes(line, (size_t)(stop - line), " - ", 3);
        const char *at = line;
        uint64_t mount;
        bool proc = fields && find_bytes(fields, (size_t)(stop - fields), " - proc ", 8) == fields;
        bool sysfs = fields && find_bytes(fields, (size_t)(stop - fields), " - sysfs ", 9) == fields;
        if ((!proc && !sysfs) || !parse_number(&at, stop, &mount))
            continue;
        json_object(output, NULL);
        json_text(output, "type", proc ? "proc" : "sysfs");
        print_field("path", line, stop, MOUNTINFO_POINT, output);
        print_field("root", line, stop, MOUNTINFO_ROOT, output);
        print_field("options", line, stop, MOUNTINFO_OPTIONS, output);
        print_field("super", fields + 3, stop, 2, output);
        print_covers(text, length, mount, output);
        json_close(output, '}');
        count++;
    }
    json_close(output, ']');
}
