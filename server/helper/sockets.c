#include "sockets.h"

#include "failure.h"
#include "network.h"
#include "procfs.h"
#include "text.h"
#include "util.h"
#include "verbs.h"

#include <fcntl.h>
#include <string.h>

static bool is_listed(const struct socket_inodes *inodes, uint64_t inode)
{
    for (size_t i = 0; i < inodes->count; i++)
        if (inodes->inode[i] == inode)
            return true;
    return false;
}

static void print_owner(uint32_t pid, int directory, uint64_t inode, struct output *output)
{
    char text[1024];
    struct proc_stat stat;
    ssize_t length = read_file_at(directory, "stat", text, sizeof text);

    if (length < 0 || !parse_stat(text, (size_t)length, &stat))
        return;
    record_begin(output, "owner");
    json_number(output, "inode", inode);
    json_number(output, "pid", pid);
    json_number(output, "start", stat.start);
    json_bytes(output, "comm", stat.comm, stat.comm_length);
    record_end(output);
}

/* Links `socket:[INODE]`. True when the descriptors of the process may not be seen. */
static bool print_owned(uint32_t pid, int directory, const struct socket_inodes *inodes, struct output *output)
{
    autofree uint32_t *fds = NULL;
    size_t capacity = 0;
    ssize_t count = list_numbers_at(directory, "fd", &fds, &capacity);
    uint64_t last = 0;

    for (ssize_t i = 0; i < count; i++) {
        char path[PROC_PATH_SIZE], link[64];
        uint64_t inode;
        text_format(path, sizeof path, "fd/%u", fds[i]);
        ssize_t length = readlinkat(directory, path, link, sizeof link);
        const char *at = link + 8;
        if (length <= 8 || memcmp(link, "socket:[", 8) != 0 || !parse_number(&at, link + length, &inode) ||
            inode == last || !is_listed(inodes, inode))
            continue;
        last = inode;
        print_owner(pid, directory, inode, output);
    }
    return count == -EACCES;
}

/* Returns how many processes may not be looked into, or -errno. */
static ssize_t print_owners(const struct host *host, const struct socket_inodes *inodes, struct output *output)
{
    autofree uint32_t *pids = NULL;
    size_t capacity = 0;
    ssize_t count = list_numbers_at(host->proc, ".", &pids, &capacity), hidden = 0;

    for (ssize_t i = 0; i < count; i++) {
        char path[PROC_PATH_SIZE];
        text_format(path, sizeof path, "%u", pids[i]);
        autoclose int directory = openat(host->proc, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (directory >= 0)
            hidden += print_owned(pids[i], directory, inodes, output);
    }
    return count < 0 ? count : hidden;
}

int verb_sockets(const struct options *options, struct output *output, struct failure *failure)
{
    struct socket_inodes inodes = { 0 };
    struct network network;
    struct host host;
    ssize_t hidden = 0;
    int result = network_parse(options->word, options->count, &network, failure);

    if (!result && network.place)
        result = fail_usage(failure, "option", "unknown option or argument");
    if (!result)
        result = host_open(&host, failure);
    if (result)
        return result;
    result = network_join(&network, &host, false, failure);
    if (!result)
        result = sockets_print(output, &inodes);
    if (!result && network.owners)
        hidden = print_owners(&host, &inodes, output);
    free(inodes.inode);
    host_close(&host);
    if (result || hidden < 0)
        return result ? result : (int)hidden;
    record_begin(output, "end");
    if (network.owners)
        json_number(output, "unreadable", (uint64_t)hidden);
    record_end(output);
    return 0;
}
