#include "namespaces.h"

#include "util.h"

#include <string.h>

void namespaces_init(struct namespaces *namespaces)
{
    *namespaces = (struct namespaces){ .free_holder = NO_INDEX, .free_item = NO_INDEX };
}

void namespaces_free(struct namespaces *namespaces)
{
    free(namespaces->item);
    free(namespaces->slot);
    free(namespaces->holder);
    strings_free(&namespaces->strings);
    namespaces_init(namespaces);
}

static size_t home(const struct namespaces *namespaces, enum ns_type type, uint32_t id)
{
    return hash_number((uint64_t)type << 32 | id) & (namespaces->slots - 1);
}

/* The slot that has the namespace, or the free one where it belongs. Slots hold index + 1; the table is never full. */
static size_t locate(const struct namespaces *namespaces, enum ns_type type, uint32_t id)
{
    size_t at = home(namespaces, type, id);

    while (namespaces->slot[at]) {
        const struct namespace *item = &namespaces->item[namespaces->slot[at] - 1];
        if (item->id == id && item->type == type)
            break;
        at = (at + 1) & (namespaces->slots - 1);
    }
    return at;
}

uint32_t namespaces_find(const struct namespaces *namespaces, enum ns_type type, uint32_t id)
{
    /* An empty slot holds 0, which becomes NO_INDEX. */
    return namespaces->slots ? namespaces->slot[locate(namespaces, type, id)] - 1 : NO_INDEX;
}

static int rehash(struct namespaces *namespaces)
{
    size_t slots = namespaces->slots ? namespaces->slots * 2 : 64;
    uint32_t *slot = calloc(slots, sizeof *slot);

    if (!slot)
        return -ENOMEM;
    free(namespaces->slot);
    namespaces->slot = slot;
    namespaces->slots = slots;
    for (uint32_t i = 0; i < namespaces->count; i++) {
        const struct namespace *item = &namespaces->item[i];
        if (!(item->flags & NAMESPACE_FREE))
            slot[locate(namespaces, item->type, item->id)] = i + 1;
    }
    return 0;
}

int namespaces_add(struct namespaces *namespaces, enum ns_type type, uint32_t id, uint32_t *index)
{
    int result = 0;

    if ((namespaces->live + 1) * 2 > namespaces->slots)
        result = rehash(namespaces);
    if (!result && namespaces->free_item == NO_INDEX)
        result = reserve(namespaces->item, namespaces->capacity, namespaces->count + 1);
    if (result)
        return result;
    size_t at = locate(namespaces, type, id);
    if (!namespaces->slot[at]) {
        uint32_t fresh = namespaces->free_item;
        if (fresh != NO_INDEX)
            namespaces->free_item = namespaces->item[fresh].holders;
        else
            fresh = (uint32_t)namespaces->count++;
        namespaces->item[fresh] = (struct namespace){
            .id = id, .type = (uint8_t)type, .holders = NO_INDEX, .via = NO_INDEX, .view = NO_INDEX
        };
        namespaces->slot[at] = fresh + 1;
        namespaces->live++;
    }
    *index = namespaces->slot[at] - 1;
    return 0;
}

static uint32_t free_holder(struct namespaces *namespaces, uint32_t index)
{
    uint32_t next = namespaces->holder[index].next;

    namespaces->holder[index].next = namespaces->free_holder;
    namespaces->free_holder = index;
    return next;
}

void namespaces_remove(struct namespaces *namespaces, uint32_t index)
{
    struct namespace *item = &namespaces->item[index];
    size_t mask = namespaces->slots - 1;
    size_t hole = locate(namespaces, item->type, item->id);

    for (uint32_t holder = item->holders; holder != NO_INDEX;)
        holder = free_holder(namespaces, holder);
    item->holders = namespaces->free_item;
    item->flags = NAMESPACE_FREE;
    namespaces->free_item = index;
    namespaces->live--;
    /* Linear probing without tombstones: what follows the hole moves up unless it is nearer to its home already. */
    for (size_t at = (hole + 1) & mask; namespaces->slot[at]; at = (at + 1) & mask) {
        const struct namespace *other = &namespaces->item[namespaces->slot[at] - 1];
        size_t distance = (at - home(namespaces, other->type, other->id)) & mask;
        if (distance >= ((at - hole) & mask)) {
            namespaces->slot[hole] = namespaces->slot[at];
            hole = at;
        }
    }
    namespaces->slot[hole] = 0;
}

int namespaces_hold(struct namespaces *namespaces, uint32_t index, const struct holder *holder)
{
    uint32_t fresh = namespaces->free_holder;

    if (fresh != NO_INDEX) {
        namespaces->free_holder = namespaces->holder[fresh].next;
    } else {
        int result = reserve(namespaces->holder, namespaces->holder_capacity, namespaces->holder_count + 1);
        if (result)
            return result;
        fresh = (uint32_t)namespaces->holder_count++;
    }
    namespaces->holder[fresh] = *holder;
    namespaces->holder[fresh].next = namespaces->item[index].holders;
    namespaces->item[index].holders = fresh;
    if (namespaces->item[index].flags & NAMESPACE_UNOPENED)
        namespaces->item[index].flags &= (uint8_t) ~(NAMESPACE_UNOPENED | NAMESPACE_RESOLVED);
    return 0;
}

size_t namespaces_release(struct namespaces *namespaces, uint32_t index, enum holder_kind kind, uint32_t number,
                          uint32_t pid)
{
    uint32_t *link = &namespaces->item[index].holders;
    size_t released = 0;

    while (*link != NO_INDEX) {
        const struct holder *holder = &namespaces->holder[*link];
        if (holder->kind == kind && holder->number == number && (pid == 0 || holder->pid == pid)) {
            *link = free_holder(namespaces, *link);
            released++;
        } else {
            link = &namespaces->holder[*link].next;
        }
    }
    return released;
}

/* Not worth the trouble below. */
#define TIDY_AT 65536

int namespaces_tidy(struct namespaces *namespaces)
{
    struct strings used = { 0 };

    if (namespaces->strings.length < TIDY_AT || namespaces->strings.length < namespaces->tidy_at)
        return 0;
    for (size_t i = 0; i < namespaces->count; i++) {
        const struct namespace *item = &namespaces->item[i];
        if (item->flags & NAMESPACE_FREE)
            continue;
        for (uint32_t at = item->holders; at != NO_INDEX; at = namespaces->holder[at].next) {
            struct holder *holder = &namespaces->holder[at];
            if (holder->kind != HELD_BY_MOUNT)
                continue;
            const char *path = strings_get(&namespaces->strings, holder->path);
            holder->path = strings_intern(&used, path, strlen(path));
            if (holder->path == UINT32_MAX) {
                strings_free(&used);
                return -ENOMEM;
            }
        }
    }
    strings_free(&namespaces->strings);
    namespaces->strings = used;
    namespaces->tidy_at = used.length * 2;
    return 0;
}

bool namespace_is_held(const struct namespace *namespace)
{
    return namespace->members > 0 || namespace->children > 0 || namespace->holders != NO_INDEX;
}

void namespace_print_holder(const struct namespaces *namespaces, const struct holder *holder, struct output *output)
{
    static const char names[][13] = {
        [HELD_BY_MOUNT] = "mount",   [HELD_BY_FD] = "fd",
        [HELD_BY_TASK] = "task",     [HELD_BY_SOCKET] = "socket",
        [HELD_BY_FOR_CHILDREN] = "for_children",
    };

    json_object(output, NULL);
    json_text(output, "by", names[holder->kind]);
    if (holder->kind == HELD_BY_MOUNT) {
        json_text(output, "path", strings_get(&namespaces->strings, holder->path));
        json_number(output, "mntns", holder->number);
    }
    /* A mount namespace that is itself only pinned has no process to name. */
    if (holder->pid != 0)
        json_number(output, "pid", holder->pid);
    if (holder->kind == HELD_BY_TASK)
        json_number(output, "tid", holder->number);
    else if (holder->kind == HELD_BY_FD || holder->kind == HELD_BY_SOCKET)
        json_number(output, "fd", holder->number);
    json_close(output, '}');
}

void namespace_print(const struct namespaces *namespaces, const struct namespace *namespace, struct output *output)
{
    record_begin(output, "ns");
    json_text(output, "type", ns_types[namespace->type].name);
    json_number(output, "id", namespace->id);
    if (namespace->nsid)
        json_number(output, "nsid", namespace->nsid);
    if (namespace->owner)
        json_number(output, "owner", namespace->owner);
    if (namespace->parent)
        json_number(output, "parent", namespace->parent);
    if (namespace->flags & NAMESPACE_HAS_UID)
        json_number(output, "uid", namespace->uid);
    json_array(output, "held");
    if (namespace->members > 0) {
        json_object(output, NULL);
        json_text(output, "by", "process");
        json_number(output, "pid", namespace->lowest);
        json_close(output, '}');
    }
    for (uint32_t at = namespace->holders; at != NO_INDEX; at = namespaces->holder[at].next)
        namespace_print_holder(namespaces, &namespaces->holder[at], output);
    if (namespace->children > 0) {
        json_object(output, NULL);
        json_text(output, "by", "child");
        json_close(output, '}');
    }
    json_close(output, ']');
    record_end(output);
}
