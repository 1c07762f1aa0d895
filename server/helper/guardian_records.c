#include "guardian.h"

#include "nsfs.h"
#include "procfs.h"
#include "text.h"
#include "util.h"

#include <sys/wait.h>

void guardian_print_made(struct guardian *guardian, struct output *output)
{
    for (enum ns_type type = 0; type < NS_TYPES; type++) {
        struct nsfs_identity identity;
        uint32_t owner;
        if (guardian->ns[type] < 0 || nsfs_identify(guardian->host, guardian->ns[type], &identity))
            continue;
        record_begin(output, "made");
        json_text(output, "type", ns_types[type].name);
        json_number(output, "id", identity.id);
        if (identity.nsid)
            json_number(output, "nsid", identity.nsid);
        autoclose int fd = nsfs_owner(guardian->ns[type]);
        if (fd >= 0 && nsfs_inode(fd, &owner) == 0)
            json_number(output, "owner", owner);
        record_end(output);
    }
}

void guardian_print_init(struct guardian *guardian, struct output *output)
{
    char path[PROC_PATH_SIZE], text[8192];
    size_t size = 0;
    uint64_t number;

    record_begin(output, "init");
    json_number(output, "pid", (uint64_t)guardian->init);
    json_number(output, "start", guardian->undo->start);
    json_array(output, "nspid");
    text_format(path, sizeof path, "%d/status", guardian->init);
    ssize_t length = read_file_at(guardian->host->proc, path, text, sizeof text);
    const char *value = length > 0 ? find_field(text, (size_t)length, "NSpid", &size) : NULL;
    for (const char *end = value + size; value && parse_number(&value, end, &number); value += value < end)
        json_number(output, NULL, number);
    json_close(output, ']');
    record_end(output);
}

void guardian_print_kept(struct guardian *guardian, struct output *output)
{
    char path[128];

    record_begin(output, "kept");
    json_text(output, "name", guardian->create->keep);
    json_object(output, "holder");
    json_number(output, "pid", (uint64_t)guardian->init);
    json_number(output, "start", guardian->undo->start);
    json_close(output, '}');
    text_format(path, sizeof path, "%s/%s", INSTANCES_DIRECTORY, guardian->create->keep);
    if (guardian->undo->folder)
        json_text(output, "path", path);
    record_end(output);
}

void guardian_print_exit(int status, struct output *output)
{
    record_begin(output, "exit");
    if (WIFSIGNALED(status))
        json_number(output, "signal", (uint64_t)WTERMSIG(status));
    else
        json_number(output, "code", (uint64_t)WEXITSTATUS(status));
    record_end(output);
}
