#include "users.h"

#include "procfs.h"
#include "util.h"

#include <fcntl.h>
#include <string.h>

void users_free(struct users *users)
{
    free(users->slot);
    free(users->fresh);
    *users = (struct users){ 0 };
}

static uint64_t *locate(uint64_t *slot, size_t slots, uint32_t uid)
{
    size_t at = hash_number(uid) & (slots - 1);

    while (slot[at] && slot[at] != (uint64_t)uid + 1)
        at = (at + 1) & (slots - 1);
    return &slot[at];
}

int users_add(struct users *users, uint32_t uid)
{
    if (users->count * 2 >= users->slots) {
        size_t slots = users->slots ? users->slots * 2 : 64;
        uint64_t *slot = calloc(slots, sizeof *slot);
        if (!slot)
            return -ENOMEM;
        for (size_t i = 0; i < users->slots; i++)
            if (users->slot[i])
                *locate(slot, slots, (uint32_t)(users->slot[i] - 1)) = users->slot[i];
        free(users->slot);
        users->slot = slot;
        users->slots = slots;
    }
    uint64_t *slot = locate(users->slot, users->slots, uid);
    if (*slot)
        return 0;
    if (reserve(users->fresh, users->fresh_capacity, users->fresh_count + 1))
        return -ENOMEM;
    users->fresh[users->fresh_count++] = uid;
    *slot = (uint64_t)uid + 1;
    users->count++;
    return 0;
}

int users_add_survey(struct users *users, const struct survey *survey)
{
    int result = 0;

    for (size_t i = 0; !result && i < survey->process_count; i++) {
        const struct process *process = &survey->process[i];
        /* Neighbours mostly belong to the same user. */
        if ((process->flags & PROCESS_HAS_UID) && (i == 0 || process->uid != process[-1].uid))
            result = users_add(users, process->uid);
    }
    for (size_t i = 0; !result && i < survey->namespaces.count; i++)
        if (survey->namespaces.item[i].flags & NAMESPACE_HAS_UID)
            result = users_add(users, survey->namespaces.item[i].uid);
    return result;
}

/* `name:password:uid:…` */
static bool parse_line(const char *line, const char *end, size_t *name_length, uint32_t *uid)
{
    const char *name_end = memchr(line, ':', (size_t)(end - line));
    const char *password_end = name_end ? memchr(name_end + 1, ':', (size_t)(end - name_end - 1)) : NULL;
    uint64_t number;

    if (!password_end || name_end == line)
        return false;
    const char *at = password_end + 1;
    if (!parse_number(&at, end, &number) || at == end || *at != ':' || number > UINT32_MAX)
        return false;
    *name_length = (size_t)(name_end - line);
    *uid = (uint32_t)number;
    return true;
}

void users_print(struct users *users, struct output *output)
{
    autofree char *text = NULL;
    const char *line, *stop;
    size_t capacity = 0, name_length;
    uint32_t uid;

    if (users->fresh_count == 0)
        return;
    ssize_t length = read_whole_at(AT_FDCWD, "/etc/passwd", &text, &capacity);
    struct lines lines = lines_of(text, length);
    while (next_line(&lines, &line, &stop)) {
        bool known = parse_line(line, stop, &name_length, &uid);
        for (size_t i = 0; known && i < users->fresh_count; i++) {
            if (users->fresh[i] != uid)
                continue;
            record_begin(output, "user");
            json_number(output, "uid", uid);
            json_bytes(output, "name", line, name_length);
            record_end(output);
            /* The first line of a uid is the one that counts. */
            users->fresh[i] = users->fresh[--users->fresh_count];
            break;
        }
    }
    users->fresh_count = 0;
}

bool user_name(uint32_t uid, char *name, size_t size)
{
    autofree char *text = NULL;
    const char *line, *stop;
    size_t capacity = 0, name_length;
    uint32_t number;
    ssize_t length = read_whole_at(AT_FDCWD, "/etc/passwd", &text, &capacity);
    struct lines lines = lines_of(text, length);

    while (next_line(&lines, &line, &stop)) {
        if (parse_line(line, stop, &name_length, &number) && number == uid) {
            if (name_length >= size)
                return false;
            memcpy(name, line, name_length);
            name[name_length] = '\0';
            return true;
        }
    }
    return false;
}
