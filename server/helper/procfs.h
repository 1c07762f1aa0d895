#ifndef NSHELPER_PROCFS_H
#define NSHELPER_PROCFS_H

#include "types.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* One open, one read, one close. Returns the length, which is `size` when there may be more, or -errno. */
ssize_t read_file_at(int directory, const char *name, char *buffer, size_t size);
/* As text: terminated, without the final newline. `size` counts the terminator. */
ssize_t read_text_at(int directory, const char *name, char *buffer, size_t size);
/* The number that a file starts with. */
int read_number_at(int directory, const char *name, uint64_t *number);

/* Reads a whole file of any length; `*data` is reused and grown. Returns the length or -errno. */
ssize_t read_whole_fd(int fd, char **data, size_t *capacity);
ssize_t read_whole_at(int directory, const char *name, char **data, size_t *capacity);

/* Every name of a directory that is a number, ascending as procfs lists them; `*numbers` is reused and grown. */
ssize_t list_numbers(int directory, uint32_t **numbers, size_t *capacity);
/* Opens PATH beneath `directory` and lists it. */
ssize_t list_numbers_at(int directory, const char *path, uint32_t **numbers, size_t *capacity);

/* Namespace that the link `name` shows. -EACCES without the right to see it, -ENOENT where there is none. */
int read_namespace_link(int directory, const char *name, uint32_t *id);

/* All links of the `ns` directory that is open: 0 in the slots where there is none. -EACCES without the right. */
int read_namespace_links(int directory, uint32_t ns[NS_SLOTS]);

/* A path from printf-like parts that cannot be longer than the buffer: names in procfs are numbers and constants. */
#define PROC_PATH_SIZE 96

/* Fields of /proc/PID/stat that are of use. */
struct proc_stat {
    char comm[64];
    size_t comm_length;
    char state;
    uint32_t ppid;
    uint64_t flags;
    uint64_t threads;
    uint64_t start;
};
bool parse_stat(const char *text, size_t length, struct proc_stat *stat);

/* Value of the line `Name:` in a status-like text: from its first character up to the newline. NULL if absent. */
const char *find_field(const char *text, size_t length, const char *name, size_t *value_length);

#endif
