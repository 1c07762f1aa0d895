#include "inspect.h"

#include "kernel.h"
#include "mountinfo.h"
#include "procfs.h"
#include "text.h"
#include "util.h"

#include <dirent.h>
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/statfs.h>

void looker_free(struct looker *looker)
{
    free(looker->mounts);
    free(looker->devices);
}

/*
 * Opens a folder right below the process's root on which a file system of that type is mounted. Nothing on the way is
 * followed, since the names are the container's, and no server is asked that might not answer.
 */
static int open_mounted(struct looker *looker, uint32_t pid, const char *name, const char *type, uint32_t magic)
{
    char path[PROC_PATH_SIZE];
    struct statfs status;
    size_t size;

    text_format(path, sizeof path, "%u/mountinfo", pid);
    ssize_t length = read_whole_at(looker->survey->host.proc, path, &looker->mounts, &looker->mounts_capacity);
    if (length < 0)
        return (int)length;
    const char *found = mountinfo_type_at(looker->mounts, (size_t)length, "/", &size);
    if (!found || mountinfo_is_remote(found, size))
        return -ENOENT;
    text_format(path, sizeof path, "/%s", name);
    found = mountinfo_type_at(looker->mounts, (size_t)length, path, &size);
    if (!found || size != strlen(type) || memcmp(found, type, size) != 0)
        return -ENOENT;
    text_format(path, sizeof path, "%u/root", pid);
    autoclose int root = openat(looker->survey->host.proc, path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    int fd = root < 0 ? -1 : openat(root, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    if (fstatfs(fd, &status) == 0 && (uint32_t)status.f_type == magic)
        return fd;
    close(fd);
    return -ENOENT;
}

int look_at_proc(struct looker *looker, uint32_t pid, uint32_t *pidns)
{
    autoclose int proc = open_mounted(looker, pid, "proc", "proc", PROC_SUPER_MAGIC);

    char self[16];

    /* The first process of the pid namespace that is shown there is in no other one. */
    int result = proc < 0 ? proc : read_namespace_link(proc, "1/ns/pid", pidns);
    /* Who is in the initial one is in no other: so a proc that knows us is of that one, whatever it tells of its init. */
    if (proc >= 0 && result && looker->survey->host.own[NS_PID] == INITIAL_PID &&
        readlinkat(proc, "self", self, sizeof self) > 0) {
        *pidns = INITIAL_PID;
        result = 0;
    }
    return result;
}

/* Whether `name` begins a line of /proc/PID/net/dev. */
static bool has_device(const char *text, ssize_t length, const char *name)
{
    struct lines lines = lines_of(text, length);
    const char *line, *stop;
    size_t size = strlen(name);

    while (next_line(&lines, &line, &stop)) {
        while (line < stop && *line == ' ')
            line++;
        if ((size_t)(stop - line) > size && line[size] == ':' && memcmp(line, name, size) == 0)
            return true;
    }
    return false;
}

static unsigned count_devices(const char *text, ssize_t length)
{
    struct lines lines = lines_of(text, length);
    const char *line, *stop;
    unsigned count = 0;

    while (next_line(&lines, &line, &stop))
        count += memchr(line, ':', (size_t)(stop - line)) != NULL;
    return count;
}

static int compare_devices(struct looker *looker, uint32_t pid, int sysfs)
{
    char path[PROC_PATH_SIZE];
    unsigned count = 0;
    bool known = true;
    int fd = openat(sysfs, "class/net", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *stream = fd < 0 ? NULL : fdopendir(fd);

    if (!stream) {
        int number = errno;
        cleanup_close(&fd);
        return -number;
    }
    text_format(path, sizeof path, "%u/net/dev", pid);
    ssize_t length = read_whole_at(looker->survey->host.proc, path, &looker->devices, &looker->devices_capacity);
    for (const struct dirent *entry; length > 0 && (entry = readdir(stream));) {
        /* Devices are links; `bonding_masters` is a file. */
        if (entry->d_type != DT_LNK)
            continue;
        count++;
        known = known && has_device(looker->devices, length, entry->d_name);
    }
    closedir(stream);
    if (length <= 0)
        return length < 0 ? (int)length : -ENOENT;
    return !known || count != count_devices(looker->devices, length);
}

int look_at_sysfs(struct looker *looker, uint32_t pid)
{
    autoclose int sysfs = open_mounted(looker, pid, "sys", "sysfs", SYSFS_MAGIC);
    int result = sysfs < 0 ? sysfs : compare_devices(looker, pid, sysfs);

    /* A device may have come between the two looks, but hardly twice. */
    return result == 1 ? compare_devices(looker, pid, sysfs) : result;
}

int look_at_loopback(const struct survey *survey, uint32_t index)
{
    struct ifreq request = { .ifr_name = "lo" };
    autoclose int namespace = survey_open_namespace(survey, index);

    if (namespace < 0)
        return namespace;
    if (setns(namespace, CLONE_NEWNET) < 0)
        return -errno;
    autoclose int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || ioctl(fd, SIOCGIFFLAGS, &request) < 0)
        return -errno;
    return (request.ifr_flags & IFF_UP) != 0;
}
