/*
 * Opens namespaces as the helper's verbs do: `reference TYPE|any TEXT…` prints for each one line, `TYPE:ID` of what was
 * opened or the error record. Linked with the helper's own sources.
 */
#include "nsfs.h"
#include "reference.h"
#include "util.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static void answer(const char *text, enum ns_type type)
{
    struct failure failure = { 0 };
    struct nsfs_identity identity;
    struct host host;
    int fd = reference_open(text, type, &failure);

    if (fd < 0) {
        struct output output;
        output_init(&output, STDOUT_FILENO, NO_ID);
        failure_print(&output, &failure, fd);
        output_flush(&output);
        output_free(&output);
        return;
    }
    if (host_open(&host, &failure) || nsfs_identify(&host, fd, &identity))
        _exit(3);
    char line[64];
    int length = snprintf(line, sizeof line, "%s:%u\n", ns_types[identity.type].name, identity.id);
    if (write(STDOUT_FILENO, line, (size_t)length) != length)
        _exit(3);
    host_close(&host);
    close(fd);
}

int main(int argc, char **argv)
{
    if (argc < 3)
        return 2;
    for (int i = 2; i < argc; i++)
        answer(argv[i], ns_type_by_name(argv[1], strlen(argv[1])));
    return 0;
}
