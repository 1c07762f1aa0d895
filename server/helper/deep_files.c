#include "deep.h"
#include "kernel.h"
#include "nsfs.h"
#include "procfs.h"
#include "text.h"
#include "util.h"

#include <fcntl.h>
#include <string.h>

/*
 * Namespaces are numbered from 0xf0000000 on (PROC_DYNAMIC_FIRST in the kernel), the initial ones just below it.
 */
#define FIRST_NSFS_INODE 0xefffff00u

static struct socket_entry *locate(const struct socket_cache *cache, uint64_t inode)
{
    size_t at = hash_number(inode) & (cache->slots - 1);

    while (cache->entry[at].inode != 0 && cache->entry[at].inode != inode)
        at = (at + 1) & (cache->slots - 1);
    return &cache->entry[at];
}

/* NULL without memory; a fresh entry has no inode yet. */
static struct socket_entry *find_socket(struct socket_cache *cache, uint64_t inode)
{
    if (cache->count * 2 >= cache->slots) {
        struct socket_cache larger = { .slots = cache->slots ? cache->slots * 2 : 256, .count = cache->count };
        larger.entry = calloc(larger.slots, sizeof *larger.entry);
        if (!larger.entry)
            return NULL;
        for (size_t i = 0; i < cache->slots; i++)
            if (cache->entry[i].inode != 0)
                *locate(&larger, cache->entry[i].inode) = cache->entry[i];
        free(cache->entry);
        *cache = larger;
    }
    return locate(cache, inode);
}

/* Net namespace of a socket of another process. -errno without the right to ask, or when it is another one by now. */
static int net_of_socket(int process, uint32_t number, uint64_t inode, uint32_t *id)
{
    autoclose int socket = (int)syscall(SYSCALL_PIDFD_GETFD, process, number, 0);
    uint32_t found;

    if (socket < 0)
        return -errno;
    autoclose int net = ioctl(socket, SIOCGSKNS);
    if (net < 0)
        return -errno;
    if (nsfs_inode(socket, &found) || found != (uint32_t)inode)
        return -ESTALE;
    return nsfs_inode(net, id);
}

static void dig_socket(struct digger *digger, const struct process *process, int *pidfd, uint32_t number,
                       const char *text, const char *end)
{
    uint64_t inode;

    if (digger->survey->host.own[NS_PID] == 0 || !parse_number(&text, end, &inode) || inode == 0)
        return;
    struct socket_entry *entry = find_socket(&digger->sockets, inode);
    if (!entry) {
        digger->result = -ENOMEM;
        return;
    }
    if (entry->inode == 0) {
        if (*pidfd == -1) {
            *pidfd = (int)syscall(SYSCALL_PIDFD_OPEN, process->pid, 0);
            if (*pidfd < 0) {
                dig_failed(digger, -errno);
                *pidfd = -2;
            }
        }
        if (*pidfd < 0)
            return;
        uint32_t net = 0;
        dig_failed(digger, net_of_socket(*pidfd, number, inode, &net));
        *entry = (struct socket_entry){ .inode = inode, .net = net };
        digger->sockets.count++;
    }
    if (entry->net != 0 && entry->net != process->ns[NS_NET])
        dig_note(digger, HELD_BY_SOCKET, NS_NET, entry->net, process->pid, number);
}

/*
 * A namespace file that was opened by its bind mount is named by that path like any other file. From 5.14 on fdinfo
 * has the inode, which rules out nearly all others without a question to the file system.
 */
static bool may_be_nsfs(struct digger *digger, uint32_t pid, uint32_t number)
{
    char path[PROC_PATH_SIZE], text[512];
    size_t size;
    uint64_t inode;

    text_format(path, sizeof path, "%u/fdinfo/%u", pid, number);
    ssize_t length = read_file_at(digger->survey->host.proc, path, text, sizeof text);
    dig_failed(digger, (int)length);
    const char *value = length > 0 ? find_field(text, (size_t)length, "ino", &size) : NULL;
    return length > 0 && (!value || !parse_number(&value, value + size, &inode) || inode >= FIRST_NSFS_INODE);
}

static void dig_path(struct digger *digger, const struct process *process, const char *path, uint32_t number)
{
    const struct host *host = &digger->survey->host;
    struct nsfs_identity identity;
    uint32_t id;

    if (!may_be_nsfs(digger, process->pid, number) || !nsfs_is_file(host, host->proc, path, &id))
        return;
    autoclose int fd = nsfs_open_at(host, host->proc, path, id);
    dig_failed(digger, fd);
    if (fd >= 0 && nsfs_identify(host, fd, &identity) == 0)
        dig_note(digger, HELD_BY_FD, identity.type, identity.id, process->pid, number);
}

static void dig_file(struct digger *digger, const struct process *process, int *pidfd, uint32_t number)
{
    static const char socket[] = "socket:[";
    char path[PROC_PATH_SIZE], text[80];
    enum ns_type type;
    uint32_t id;

    text_format(path, sizeof path, "%u/fd/%u", process->pid, number);
    ssize_t length = readlinkat(digger->survey->host.proc, path, text, sizeof text);
    if (length <= 0)
        return;
    if (text[0] == '/') {
        dig_path(digger, process, path, number);
    } else if ((size_t)length > sizeof socket && memcmp(text, socket, sizeof socket - 1) == 0) {
        dig_socket(digger, process, pidfd, number, text + sizeof socket - 1, text + length);
    } else if (ns_parse_link(text, (size_t)length, &type, &id)) {
        dig_note(digger, HELD_BY_FD, type, id, process->pid, number);
    }
}

static void close_pidfd(const int *pidfd)
{
    if (*pidfd >= 0)
        close(*pidfd);
}

void dig_files(struct digger *digger, const struct process *process)
{
    /* Opened when the first socket asks for it; -2 when that failed. */
    int pidfd = -1;
    char path[PROC_PATH_SIZE];

    /* What this program itself has open for the moment is not what keeps anything. */
    if (digger->survey->host.own[NS_PID] != 0 && process->pid == (uint32_t)getpid())
        return;
    text_format(path, sizeof path, "%u/fd", process->pid);
    ssize_t count = list_numbers_at(digger->survey->host.proc, path, &digger->numbers, &digger->numbers_capacity);
    dig_failed(digger, (int)count);
    for (ssize_t i = 0; i < count; i++)
        dig_file(digger, process, &pidfd, digger->numbers[i]);
    close_pidfd(&pidfd);
}
