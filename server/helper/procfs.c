#include "procfs.h"

#include "kernel.h"
#include "util.h"

#include <dirent.h>
#include <fcntl.h>
#include <string.h>

static ssize_t read_retry(int fd, char *buffer, size_t size)
{
    ssize_t got;

    do
        got = read(fd, buffer, size);
    while (got < 0 && errno == EINTR);
    return got < 0 ? -errno : got;
}

ssize_t read_file_at(int directory, const char *name, char *buffer, size_t size)
{
    int fd = openat(directory, name, O_RDONLY | O_CLOEXEC);

    if (fd < 0)
        return -errno;
    ssize_t got = read_retry(fd, buffer, size);
    close(fd);
    return got;
}

ssize_t read_text_at(int directory, const char *name, char *buffer, size_t size)
{
    ssize_t length = read_file_at(directory, name, buffer, size - 1);

    if (length < 0)
        return length;
    if (length > 0 && buffer[length - 1] == '\n')
        length--;
    buffer[length] = '\0';
    return length;
}

int read_number_at(int directory, const char *name, uint64_t *number)
{
    char text[32];
    ssize_t length = read_text_at(directory, name, text, sizeof text);
    const char *at = text;

    if (length < 0)
        return (int)length;
    return parse_number(&at, text + length, number) ? 0 : -EINVAL;
}

ssize_t read_whole_fd(int fd, char **data, size_t *capacity)
{
    size_t length = 0;

    for (;;) {
        int result = reserve(*data, *capacity, length + 4096);
        if (result)
            return result;
        ssize_t got = read_retry(fd, *data + length, *capacity - length);
        if (got <= 0)
            return got < 0 ? got : (ssize_t)length;
        length += (size_t)got;
    }
}

ssize_t read_whole_at(int directory, const char *name, char **data, size_t *capacity)
{
    autoclose int fd = openat(directory, name, O_RDONLY | O_CLOEXEC);

    return fd < 0 ? -errno : read_whole_fd(fd, data, capacity);
}

/* readdir would allocate and copy for names of which only the numbers count. */
struct linux_dirent64 {
    uint64_t d_ino;
    int64_t d_off;
    unsigned short d_reclen;
    unsigned char d_type;
    char d_name[];
};

ssize_t list_numbers(int directory, uint32_t **numbers, size_t *capacity)
{
    _Alignas(struct linux_dirent64) char buffer[32768];
    size_t count = 0;

    for (;;) {
        long got = syscall(SYS_getdents64, directory, buffer, sizeof buffer);
        if (got <= 0)
            return got < 0 ? -errno : (ssize_t)count;
        int result = reserve(*numbers, *capacity, count + (size_t)got / 24);
        if (result)
            return result;
        for (long at = 0; at < got;) {
            const struct linux_dirent64 *entry = (const void *)(buffer + at);
            const char *name = entry->d_name;
            uint64_t number;
            at += entry->d_reclen;
            if (parse_number(&name, name + strlen(name), &number) && *name == '\0' && number <= UINT32_MAX)
                (*numbers)[count++] = (uint32_t)number;
        }
    }
}

ssize_t list_numbers_at(int directory, const char *path, uint32_t **numbers, size_t *capacity)
{
    autoclose int fd = openat(directory, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    return fd < 0 ? -errno : list_numbers(fd, numbers, capacity);
}

int read_namespace_link(int directory, const char *name, uint32_t *id)
{
    char text[64];
    enum ns_type type;
    ssize_t length = readlinkat(directory, name, text, sizeof text);

    if (length < 0)
        return -errno;
    return ns_parse_link(text, (size_t)length, &type, id) ? 0 : -EINVAL;
}

int read_namespace_links(int directory, uint32_t ns[NS_SLOTS])
{
    for (unsigned slot = 0; slot < NS_SLOTS; slot++) {
        ns[slot] = 0;
        int result = read_namespace_link(directory, ns_slot_link(slot), &ns[slot]);
        /* One ptrace check guards them all, so asking for the others would only cost. */
        if (result == -EACCES || result == -EPERM)
            return -EACCES;
    }
    return 0;
}

bool parse_stat(const char *text, size_t length, struct proc_stat *stat)
{
    /* The command is in brackets and may itself hold brackets and blanks: only the last `)` ends it. */
    const char *open = memchr(text, '(', length);
    const char *close = memrchr(text, ')', length);
    const char *end = text + length;

    if (!open || !close || close < open || end - close < 4)
        return false;
    stat->comm_length = (size_t)(close - open - 1);
    if (stat->comm_length > sizeof stat->comm)
        stat->comm_length = sizeof stat->comm;
    memcpy(stat->comm, open + 1, stat->comm_length);
    stat->state = close[2];
    const char *at = close + 3;
    for (int field = 4; field <= 22; field++) {
        uint64_t number;
        if (at == end || *at++ != ' ')
            return false;
        if (at < end && *at == '-')
            at++;
        if (!parse_number(&at, end, &number))
            return false;
        if (field == 4)
            stat->ppid = (uint32_t)number;
        else if (field == 9)
            stat->flags = number;
        else if (field == 20)
            stat->threads = number;
        else if (field == 22)
            stat->start = number;
    }
    return true;
}

const char *find_field(const char *text, size_t length, const char *name, size_t *value_length)
{
    size_t name_length = strlen(name);
    struct lines lines = lines_of(text, (ssize_t)length);
    const char *line, *stop;

    while (next_line(&lines, &line, &stop)) {
        if ((size_t)(stop - line) > name_length && line[name_length] == ':' && memcmp(line, name, name_length) == 0) {
            const char *value = line + name_length + 1;
            while (value < stop && (*value == ' ' || *value == '\t'))
                value++;
            *value_length = (size_t)(stop - value);
            return value;
        }
    }
    return NULL;
}
