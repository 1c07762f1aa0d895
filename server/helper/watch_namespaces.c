#include "util.h"
#include "watch.h"

#include <string.h>

/* Those that are back by the end of the pass, because something else holds them now, are not gone. */
static void print_removed(struct watch *watch)
{
    struct output *released = &watch->released;

    for (size_t i = 0; i < watch->removed_count; i++) {
        const struct removed *removed = &watch->removed[i];
        const char *name = ns_types[removed->type].name;
        char text[32];
        size_t length = strlen(name);
        if (namespaces_find(&watch->survey.namespaces, removed->type, removed->id) != NO_INDEX)
            continue;
        memcpy(text, name, length);
        text[length++] = ':';
        length += format_number(text + length, removed->id);
        record_begin(released, "gone");
        json_bytes(released, "ns", text, length);
        record_end(released);
    }
    watch->removed_count = 0;
}

static void remove_if_unheld(struct watch *watch, uint32_t index)
{
    struct survey *survey = &watch->survey;
    struct namespace namespace = survey->namespaces.item[index];

    if (namespace_is_held(&namespace))
        return;
    /* One that was never printed needs no farewell. */
    if (namespace.printed != 0) {
        if (reserve(watch->removed, watch->removed_capacity, watch->removed_count + 1)) {
            watch->released.error = -ENOMEM;
            return;
        }
        watch->removed[watch->removed_count++] = (struct removed){ .type = namespace.type, .id = namespace.id };
    }
    namespaces_remove(&survey->namespaces, index);
    if (namespace.type == NS_MNT && namespace.view != NO_INDEX) {
        if (survey->view[namespace.view].mounts > 0)
            survey_release_mounts(survey, namespace.id);
        survey->view[namespace.view].unused = true;
        survey->unused_views++;
    }
    survey_unlink(survey, &namespace);
}

/* What is gone may have been the last to hold another, its parent for example: so until nothing changes any more. */
static void remove_unheld(struct watch *watch)
{
    struct namespaces *namespaces = &watch->survey.namespaces;
    size_t before;

    do {
        before = namespaces->live;
        for (uint32_t i = 0; i < namespaces->count; i++)
            if ((namespaces->item[i].flags & (NAMESPACE_DIRTY | NAMESPACE_FREE)) == NAMESPACE_DIRTY)
                remove_if_unheld(watch, i);
    } while (namespaces->live != before);
}

/* The lowest member of namespaces whose lowest one left: one walk over the processes for all of them. */
static void find_lowest(struct watch *watch)
{
    struct survey *survey = &watch->survey;
    struct namespaces *namespaces = &survey->namespaces;
    size_t wanted[NS_TYPES] = { 0 }, left = 0;

    for (uint32_t i = 0; i < namespaces->count; i++) {
        struct namespace *namespace = &namespaces->item[i];
        if ((namespace->flags & NAMESPACE_FREE) || !(namespace->flags & NAMESPACE_LOWEST_LEFT))
            continue;
        if (namespace->members > 0) {
            wanted[namespace->type]++;
            left++;
        } else {
            namespace->flags &= (uint8_t)~NAMESPACE_LOWEST_LEFT;
        }
    }
    for (size_t i = 0; left > 0 && i < survey->process_count; i++) {
        const struct process *process = &survey->process[i];
        for (enum ns_type type = 0; type < NS_TYPES; type++) {
            if (wanted[type] == 0 || process->ns[type] == 0)
                continue;
            uint32_t index = namespaces_find(namespaces, type, process->ns[type]);
            if (index == NO_INDEX || !(namespaces->item[index].flags & NAMESPACE_LOWEST_LEFT))
                continue;
            struct namespace *namespace = &namespaces->item[index];
            namespace->lowest = process->pid;
            namespace->flags &= (uint8_t)~NAMESPACE_LOWEST_LEFT;
            wanted[type]--;
            left--;
        }
    }
}

/*
 * The number of a namespace that ended is given to the next one that is created, so that within one pass the old
 * members of one may leave and those of another with the same number come. It is another one if its id, owner or
 * parent is another.
 */
static int find_reused(struct watch *watch)
{
    struct survey *survey = &watch->survey;
    int result = 0;

    for (uint32_t i = 0; !result && i < survey->namespaces.count; i++) {
        struct namespace *namespace = &survey->namespaces.item[i];
        bool left = namespace->flags & NAMESPACE_LEFT, all_new = namespace->joined == namespace->members;
        namespace->flags &= (uint8_t)~NAMESPACE_LEFT;
        namespace->joined = 0;
        if (left && all_new && namespace->members > 0 && !(namespace->flags & NAMESPACE_FREE))
            result = survey_renew(survey, i);
    }
    return result;
}

/* Prints the dirty namespaces whose record is another than the one printed last. */
static int print_changed(struct watch *watch, struct output *output)
{
    struct namespaces *namespaces = &watch->survey.namespaces;

    for (uint32_t i = 0; i < namespaces->count; i++) {
        struct namespace *namespace = &namespaces->item[i];
        if ((namespace->flags & (NAMESPACE_DIRTY | NAMESPACE_FREE)) != NAMESPACE_DIRTY)
            continue;
        namespace->flags &= (uint8_t)~NAMESPACE_DIRTY;
        watch->scratch.length = 0;
        namespace_print(namespaces, namespace, &watch->scratch);
        if (watch->scratch.error)
            return watch->scratch.error;
        uint64_t hash = hash_bytes(watch->scratch.data, watch->scratch.length);
        if (hash == namespace->printed)
            continue;
        namespace->printed = hash;
        if (output)
            output_append(output, watch->scratch.data, watch->scratch.length);
        if (namespace->flags & NAMESPACE_HAS_UID) {
            int result = users_add(&watch->users, namespace->uid);
            if (result)
                return result;
        }
    }
    return 0;
}

int watch_remember(struct watch *watch)
{
    for (uint32_t i = 0; i < watch->survey.namespaces.count; i++)
        watch->survey.namespaces.item[i].flags |= NAMESPACE_DIRTY;
    return print_changed(watch, NULL);
}

/* The holder names a process in the mount namespace; when that one left, another has to be named. */
static void rename_holders(struct watch *watch)
{
    struct survey *survey = &watch->survey;

    for (uint32_t i = 0; i < survey->namespaces.count; i++) {
        struct namespace *namespace = &survey->namespaces.item[i];
        if (namespace->flags & NAMESPACE_FREE)
            continue;
        for (uint32_t at = namespace->holders; at != NO_INDEX; at = survey->namespaces.holder[at].next) {
            struct holder *holder = &survey->namespaces.holder[at];
            if (holder->kind != HELD_BY_MOUNT)
                continue;
            uint32_t mntns = namespaces_find(&survey->namespaces, NS_MNT, holder->number);
            uint32_t view = mntns == NO_INDEX ? NO_INDEX : survey->namespaces.item[mntns].view;
            if (view == NO_INDEX || survey->view[view].pid == holder->pid)
                continue;
            holder->pid = survey->view[view].pid;
            namespace->flags |= NAMESPACE_DIRTY;
        }
    }
}

int watch_settle(struct watch *watch)
{
    struct survey *survey = &watch->survey;
    int result = 0;

    if (!watch->unsettled)
        return 0;
    watch->unsettled = false;
    find_lowest(watch);
    result = find_reused(watch);
    if (!result)
        result = survey_relations(survey, 1);
    if (!result)
        remove_unheld(watch);
    /* New mount namespaces are read at once, which may bring further namespaces with it. */
    if (!result)
        result = survey_mounts(survey, 1);
    if (!result && watch->views_stale)
        rename_holders(watch);
    watch->views_stale = false;
    if (!result)
        result = print_changed(watch, &watch->changed);
    print_removed(watch);
    return result ? result : namespaces_tidy(&survey->namespaces);
}
