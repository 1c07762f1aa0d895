#include "process.h"

#include "kernel.h"
#include "procfs.h"
#include "util.h"

#include <fcntl.h>
#include <string.h>

/* The extension shows arguments to a person; nobody reads more than this. */
#define CMDLINE_LIMIT 4096
/* The kernel nests pid namespaces 32 deep. */
#define NSPID_LIMIT 33

void reader_init(struct reader *reader, const struct host *host)
{
    reader->host = host;
    reader->cgroups = (struct cgroup_cache){ 0 };
    reader->outliers = NULL;
    reader->closing.count = 0;
    reader->exhausted = 0;
}

void reader_close(struct reader *reader)
{
    close_now(&reader->closing);
}

void reader_free(struct reader *reader)
{
    reader_close(reader);
    cgroup_cache_free(&reader->cgroups);
}

/* Reads the start of a file into reader->text. Returns the length or -errno. */
static ssize_t read_text(struct reader *reader, int directory, const char *name, size_t size)
{
    int fd = open_closing(&reader->closing, directory, name, O_RDONLY | O_CLOEXEC);

    if (fd < 0) {
        if (is_exhausted(fd))
            reader->exhausted = fd;
        return fd;
    }
    ssize_t length = read(fd, reader->text, size);
    int number = errno;
    close_later(&reader->closing, fd);
    return length < 0 ? -number : length;
}

/*
 * Everything is reached from the open `ns` directory, with `..` for the rest: one descriptor instead of two, and it
 * stays with this process when the pid is used again (then every access gives ESRCH).
 */
static int open_process(struct reader *reader, uint32_t pid)
{
    char path[PROC_PATH_SIZE];
    size_t length = format_number(path, pid);

    memcpy(path + length, "/ns", 4);
    int fd = open_closing(&reader->closing, reader->host->proc, path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    /* hidepid=1 lists the process and refuses everything below it with EPERM. */
    return fd == -EPERM ? -EACCES : fd;
}

static void read_links(int directory, struct process *process)
{
    if (read_namespace_links(directory, process->ns))
        process->flags |= PROCESS_UNREADABLE;
}

int process_read_links(struct reader *reader, uint32_t pid, struct process *process)
{
    int directory = open_process(reader, pid);

    *process = (struct process){ .pid = pid, .flags = PROCESS_UNREADABLE | PROCESS_OPAQUE };
    if (directory < 0)
        return directory == -EACCES ? 0 : directory;
    process->flags = 0;
    read_links(directory, process);
    close_later(&reader->closing, directory);
    return 0;
}

/* Ids and the pids at each level. */
struct credentials {
    bool has_uid;
    uint32_t uid;
    uint64_t cgroup_id;
    uint32_t nspid[NSPID_LIMIT];
    unsigned levels;
};

static int read_status(struct reader *reader, int directory, struct credentials *credentials)
{
    ssize_t length = read_text(reader, directory, "../status", sizeof reader->text);
    size_t size;
    uint64_t number;

    if (length < 0)
        return (int)length;
    const char *value = find_field(reader->text, (size_t)length, "Uid", &size);
    if (value && parse_number(&value, value + size, &number)) {
        credentials->uid = (uint32_t)number;
        credentials->has_uid = true;
    }
    value = find_field(reader->text, (size_t)length, "NSpid", &size);
    if (value) {
        const char *end = value + size;
        while (credentials->levels < NSPID_LIMIT && parse_number(&value, end, &number)) {
            credentials->nspid[credentials->levels++] = (uint32_t)number;
            if (value < end)
                value++;
        }
    }
    return 0;
}

/*
 * The real uid and the cgroup without the text of `status`, which costs the kernel three times as much. The owner of
 * /proc/PID would be cheaper still, but that is the *effective* uid, and root for a process that is not dumpable.
 * The caller reads `stat` through the directory afterwards: that it is still there proves that the pid meant it.
 */
static bool read_pidfd(struct reader *reader, uint32_t pid, struct credentials *credentials)
{
    struct pidfd_info info = { .mask = PIDFD_INFO_PID | PIDFD_INFO_CREDS | PIDFD_INFO_CGROUPID };
    int fd = (int)syscall(SYSCALL_PIDFD_OPEN, pid, 0);

    if (fd < 0)
        return false;
    int result = ioctl(fd, (int)PIDFD_GET_INFO, &info);
    close_later(&reader->closing, fd);
    if (result < 0 || !(info.mask & PIDFD_INFO_CREDS))
        return false;
    credentials->uid = info.ruid;
    credentials->has_uid = true;
    if (info.mask & PIDFD_INFO_CGROUPID)
        credentials->cgroup_id = info.cgroupid;
    return true;
}

static int read_credentials(struct reader *reader, int directory, const struct process *process,
                            struct credentials *credentials)
{
    const struct host *host = reader->host;
    bool same_level = process->ns[NS_PID] != 0 && process->ns[NS_PID] == host->own[NS_PID];

    if (host->pidfd_info && read_pidfd(reader, process->pid, credentials) && same_level)
        return 0;
    return read_status(reader, directory, credentials);
}

/*
 * The kernel appends to a worker's name what it works on at the moment (`kworker/0:1-events`), which would make the
 * same process another one in every look.
 */
static size_t comm_length(const struct proc_stat *stat)
{
    static const char worker[] = "kworker/";

    if (!(stat->flags & PF_KTHREAD) || stat->comm_length < sizeof worker ||
        memcmp(stat->comm, worker, sizeof worker - 1) != 0)
        return stat->comm_length;
    const char *colon = memchr(stat->comm, ':', stat->comm_length);
    for (size_t i = colon ? (size_t)(colon - stat->comm) : stat->comm_length; i < stat->comm_length; i++)
        if (stat->comm[i] == '-' || stat->comm[i] == '+')
            return i;
    return stat->comm_length;
}

static void print_cmdline(struct reader *reader, int directory, struct output *lines)
{
    ssize_t length = read_text(reader, directory, "../cmdline", CMDLINE_LIMIT);

    if (length == CMDLINE_LIMIT) {
        /* Cut between characters, not within one. */
        ssize_t cut = length - 1;
        while (cut > length - 4 && ((unsigned char)reader->text[cut] & 0xc0) == 0x80)
            cut--;
        if ((unsigned char)reader->text[cut] >= 0xc0)
            length = cut;
    }
    while (length > 0 && (reader->text[length - 1] == '\0' || reader->text[length - 1] == ' '))
        length--;
    if (length <= 0)
        return;
    for (ssize_t i = 0; i < length; i++)
        if (reader->text[i] == '\0')
            reader->text[i] = ' ';
    json_bytes(lines, "cmdline", reader->text, (size_t)length);
}

static void print_cgroup(struct reader *reader, int directory, const struct process *process, uint64_t id,
                         struct output *lines)
{
    const struct host *host = reader->host;
    /* `name=systemd` has nothing to add. */
    bool plain = !host->cgroup_systemd ||
                 (reader->outliers && outliers_exclude(reader->outliers, process->pid, process->start));
    size_t path_length;
    bool unified;

    if (plain && !host->cgroup_unified) {
        if (host->cgroup_systemd)
            json_text(lines, "cgroup", "/");
        return;
    }
    /* The id is that of the unified hierarchy; in its root another process may be placed by `name=systemd`. */
    const char *known = id == 0 ? NULL : cgroup_cache_find(&reader->cgroups, id, &path_length);
    if (known && (plain || path_length > 1)) {
        json_bytes(lines, "cgroup", known, path_length);
        return;
    }
    ssize_t length = read_text(reader, directory, "../cgroup", sizeof reader->text);
    if (length <= 0)
        return;
    const char *path = cgroup_path(reader->text, (size_t)length, &path_length, &unified);
    if (!path)
        return;
    json_bytes(lines, "cgroup", path, path_length);
    if (id != 0 && unified && !known)
        cgroup_cache_add(&reader->cgroups, id, path, path_length);
}

static void print_nspid(const struct credentials *credentials, struct output *lines)
{
    if (credentials->levels < 2)
        return;
    json_array(lines, "nspid");
    for (unsigned level = 0; level < credentials->levels; level++)
        json_number(lines, NULL, credentials->nspid[level]);
    json_close(lines, ']');
}

static void print_root(struct reader *reader, int directory, struct process *process, struct output *lines)
{
    ssize_t length = readlinkat(directory, "../root", reader->text, sizeof reader->text);

    if (length == 1 && reader->text[0] == '/')
        return;
    process->flags |= PROCESS_CHROOT;
    if (length > 0)
        json_bytes(lines, "root", reader->text, (size_t)length);
}

static void print_namespaces(const struct process *process, struct output *lines)
{
    if (process->flags & PROCESS_UNREADABLE)
        return;
    json_object(lines, "ns");
    for (unsigned slot = 0; slot < NS_SLOTS; slot++)
        if (process->ns[slot] != 0)
            json_number(lines, ns_slot_link(slot), process->ns[slot]);
    json_close(lines, '}');
}

static int read_through(struct reader *reader, int directory, struct process *process, struct output *lines)
{
    struct credentials credentials = { 0 };
    struct proc_stat stat;

    read_links(directory, process);
    int result = read_credentials(reader, directory, process, &credentials);
    if (result)
        return result;
    ssize_t length = read_text(reader, directory, "../stat", sizeof reader->text);
    if (length < 0)
        return (int)length;
    if (!parse_stat(reader->text, (size_t)length, &stat))
        return -ESRCH;

    process->start = stat.start;
    if (stat.threads > 1)
        process->flags |= PROCESS_THREADS;
    if (credentials.has_uid) {
        process->uid = credentials.uid;
        process->flags |= PROCESS_HAS_UID;
    }
    /* A zombie has neither arguments nor a root any more, and a kernel thread never had arguments. */
    bool zombie = stat.state == 'Z';
    size_t begin = lines->length;
    record_begin(lines, "process");
    json_number(lines, "pid", process->pid);
    json_number(lines, "start", stat.start);
    json_number(lines, "ppid", stat.ppid);
    if (credentials.has_uid)
        json_number(lines, "uid", credentials.uid);
    json_bytes(lines, "comm", stat.comm, comm_length(&stat));
    if (!zombie && !(stat.flags & PF_KTHREAD))
        print_cmdline(reader, directory, lines);
    print_cgroup(reader, directory, process, credentials.cgroup_id, lines);
    print_nspid(&credentials, lines);
    if (!zombie)
        print_root(reader, directory, process, lines);
    print_namespaces(process, lines);
    if (zombie) {
        process->flags |= PROCESS_ZOMBIE;
        json_boolean(lines, "zombie", true);
    }
    record_end(lines);
    if (lines->error)
        return lines->error;
    process->hash = hash_bytes(lines->data + begin, lines->length - begin);
    return 0;
}

int process_read(struct reader *reader, uint32_t pid, struct process *process, struct output *lines)
{
    int directory = open_process(reader, pid);

    *process = (struct process){ .pid = pid, .flags = PROCESS_UNREADABLE | PROCESS_OPAQUE };
    if (directory < 0)
        return directory == -EACCES ? 0 : directory;
    process->flags = 0;
    int result = read_through(reader, directory, process, lines);
    close_later(&reader->closing, directory);
    return reader->exhausted ? reader->exhausted : result;
}
