#include "ending.h"

#include "procfs.h"
#include "text.h"
#include "util.h"
#include "verbs.h"

#include <signal.h>
#include <string.h>

#define GRACE_DEFAULT 2000
#define GRACE_MAX 600000
/* Rounds of looking for processes that others started meanwhile. */
#define ROUNDS_MAX 20
/* Initial namespaces have the last numbers before the dynamic ones: PROC_*_INIT_INO in the kernel. */
#define INITIAL_FIRST 0xeffffff0u
#define INITIAL_LAST 0xefffffffu

struct end_options {
    const char *text;
    unsigned grace;
    bool mounts, plan;
    /* What the process has to keep; id 0 for anything. */
    struct target expected;
};

static int parse(const struct options *options, struct end_options *end, struct failure *failure)
{
    *end = (struct end_options){ .grace = GRACE_DEFAULT };
    for (size_t i = 0; i < options->count; i++) {
        const char *word = options->word[i];
        if (strncmp(word, "--grace=", 8) == 0) {
            const char *at = word + 8;
            uint64_t number;
            if (!parse_number(&at, word + strlen(word), &number) || *at || number > GRACE_MAX)
                return fail_usage(failure, "option", "--grace takes 0 to 600000 milliseconds");
            end->grace = (unsigned)number;
        } else if (strncmp(word, "--expect=", 9) == 0) {
            if (!namespace_parse(word + 9, &end->expected.type, &end->expected.id))
                return fail_usage(failure, "option", "--expect takes TYPE:ID");
        } else if (strcmp(word, "--mounts") == 0) {
            end->mounts = true;
        } else if (strcmp(word, "--dry-run") == 0 || strcmp(word, "--list") == 0) {
            end->plan = true;
        } else if (word[0] != '-' && !end->text) {
            end->text = word;
        } else {
            return fail_usage(failure, "option", "unknown option or argument");
        }
    }
    if (!end->text)
        return fail_usage(failure, "option", "end takes a name or a reference");
    return end->expected.id && !ending_names_process(end->text)
               ? fail_usage(failure, "option", "--expect is for a process: pid:N:START")
               : 0;
}

/* Why it must not end; NULL when it may. */
static const char *refusal(const struct host *host, enum ns_type type, uint32_t id)
{
    char path[PROC_PATH_SIZE];
    uint32_t first;

    if (id >= INITIAL_FIRST && id <= INITIAL_LAST)
        return "an initial namespace lasts as long as the system";
    if (id == host->own[type])
        return "the caller is in this namespace itself";
    text_format(path, sizeof path, "1/ns/%s", ns_types[type].name);
    if (read_namespace_link(host->proc, path, &first) == 0 && first == id)
        return "the init of the system or container is in this namespace";
    return NULL;
}

static void add_target(struct ending *ending, enum ns_type type, uint32_t id)
{
    if (id != 0 && ending->targets < array_length(ending->target) && !ending_has_target(ending, type, id) &&
        !refusal(&ending->survey.host, type, id))
        ending->target[ending->targets++] = (struct target){ .type = type, .id = id };
}

/* What the holder is in, what it keeps open, and what is mounted. */
static int find_instance(struct ending *ending, const char *name, struct failure *failure)
{
    const struct host *host = &ending->survey.host;
    int result = instance_find(host, name, &ending->instance, failure);
    bool is_nothing = result == -ENOENT;

    if (result && !is_nothing)
        return result;
    result = pinned_find(host, name, false, true, &ending->pinned, failure);
    for (enum ns_type type = 0; !result && type < NS_TYPES; type++) {
        struct reference holder = { .kind = REFERENCE_PROCESS, .id = ending->instance.pid };
        char path[PROC_PATH_SIZE];
        uint32_t id;
        add_target(ending, type, ending->instance.held[type]);
        if (!holder.id || !(ending->instance.members >> type & 1))
            continue;
        text_format(path, sizeof path, "%u/ns/%s", holder.id, ns_types[type].name);
        result = read_namespace_link(host->proc, path, &id);
        if (result) {
            fail(failure, "readlink", -result);
            failure->type = type;
            break;
        }
        ending->common |= 1u << type;
        ending->common_id[type] = id;
        add_target(ending, type, id);
    }
    for (size_t i = 0; !result && i < ending->pinned.count; i++)
        if (ending->pinned.mounted[i].namespace >= 0)
            add_target(ending, ending->pinned.mounted[i].type, ending->pinned.mounted[i].id);
    return result ? result : is_nothing ? -ENOENT : 0;
}

static int find_reference(struct ending *ending, const char *text, struct failure *failure)
{
    struct nsfs_identity identity;
    autoclose int fd = namespace_open_one(&ending->survey.host, text, &identity, failure);

    if (fd < 0)
        return fd;
    const char *detail = refusal(&ending->survey.host, identity.type, identity.id);
    if (!detail) {
        add_target(ending, identity.type, identity.id);
        return 0;
    }
    fail(failure, "end", EPERM);
    failure->type = identity.type;
    failure->detail = detail;
    return -EPERM;
}

/* Mounts of the targets that are in the caller's mount namespace. */
static int find_mounts(struct ending *ending, struct failure *failure)
{
    const struct namespaces *namespaces = &ending->survey.namespaces;

    for (size_t i = 0; i < ending->targets; i++) {
        uint32_t index = namespaces_find(namespaces, ending->target[i].type, ending->target[i].id);
        uint32_t at = index == NO_INDEX ? NO_INDEX : namespaces->item[index].holders;
        for (; at != NO_INDEX; at = namespaces->holder[at].next) {
            const struct holder *holder = &namespaces->holder[at];
            struct mounted mounted;
            if (holder->kind != HELD_BY_MOUNT || holder->number != ending->survey.host.own[NS_MNT] || holder->remote)
                continue;
            char *path = strdup(strings_get(&namespaces->strings, holder->path));
            if (!path || reserve(ending->mounted, ending->mounted_capacity, ending->mounted_count + 1)) {
                free(path);
                return fail(failure, "memory", ENOMEM);
            }
            /* Another mount may hide it, or it may be gone. */
            if (mounted_look(&ending->survey.host, path, false, &mounted, failure) == 0 && mounted.namespace >= 0 &&
                mounted.type == ending->target[i].type && mounted.id == ending->target[i].id) {
                ending->mounted[ending->mounted_count++] = mounted;
            } else {
                mounted_close(&mounted);
                free(path);
            }
        }
    }
    *failure = (struct failure){ 0 };
    return 0;
}

/* A namespace that is new may have the number of one that has just gone: it is none of ours. */
static void compare_targets(struct ending *ending)
{
    for (struct target *target = ending->target; target < ending->target + ending->targets; target++) {
        uint32_t index = namespaces_find(&ending->survey.namespaces, target->type, target->id);
        uint64_t nsid = index == NO_INDEX ? 0 : ending->survey.namespaces.item[index].nsid;
        if (target->nsid == 0)
            target->nsid = nsid;
        else if (nsid != 0 && nsid != target->nsid)
            target->id = 0;
    }
}

/* As it is now. What was found of the target stays. */
static int look(struct ending *ending, bool deep, struct failure *failure)
{
    survey_close(&ending->survey);
    int result = survey_open(&ending->survey, failure);

    if (!result)
        result = reference_survey(&ending->survey, deep, failure);
    if (!result)
        compare_targets(ending);
    return result;
}

static void print_plan(const struct ending *ending, struct output *output)
{
    for (size_t i = 0; i < ending->victims; i++)
        victim_print(&ending->victim[i], true, output);
    for (size_t i = 0; i < ending->pinned.count; i++)
        pinned_print(&ending->pinned.mounted[i], true, output);
    for (size_t i = 0; i < ending->mounted_count; i++)
        pinned_print(&ending->mounted[i], true, output);
    ending_print_still(ending, true, output);
}

static bool is_gone(const struct host *host, const struct victim *victim)
{
    struct reference process = {
        .kind = REFERENCE_PROCESS, .id = victim->pid, .has_start = true, .start = victim->start
    };
    struct failure failure;
    autoclose int directory = reference_open_process(host, &process, &failure);

    return directory < 0;
}

/* Signals those that are to be, from `first` on; the others have gone with them or not. */
static int end_from(struct ending *ending, size_t first, unsigned grace, struct output *output)
{
    struct victim *victim = ending->victim;
    size_t signalled = first;
    int error = 0;

    while (signalled < ending->victims && victim[signalled].signalled)
        signalled++;
    victims_end(&ending->survey.host, victim + first, signalled - first, grace);
    for (size_t i = first; i < ending->victims; i++) {
        if (i >= signalled && !is_gone(&ending->survey.host, &victim[i]))
            victim[i].signal = 0;
        if (victim[i].signal)
            victim_print(&victim[i], false, output);
        if (victim[i].error && victim[i].error != -ESRCH)
            error = victim[i].error;
    }
    return error;
}

static int end_processes(struct ending *ending, unsigned grace, struct output *output, struct failure *failure)
{
    int error = 0;

    for (int round = 0; round < ROUNDS_MAX; round++) {
        size_t first = ending->victims;
        int result = round == 0 ? 0 : look(ending, false, failure);
        if (result)
            return result;
        int count = round == 0 ? (int)ending->victims : ending_find_victims(ending);
        if (count < 0)
            return fail(failure, "victims", -count);
        if (round == 0)
            first = 0;
        if (ending->victims == first)
            break;
        int failed = end_from(ending, first, round == 0 ? grace : 0, output);
        error = failed ? failed : error;
    }
    return error ? fail(failure, "pidfd_send_signal", -error) : 0;
}

static int unmount(struct ending *ending, struct output *output, struct failure *failure)
{
    int result = pinned_remove(&ending->survey.host, &ending->pinned, output, failure);

    for (size_t i = 0; !result && i < ending->mounted_count; i++) {
        result = mounted_remove(&ending->survey.host, &ending->mounted[i], failure);
        if (!result)
            pinned_print(&ending->mounted[i], false, output);
        else
            failure->path = NULL;
    }
    return result;
}

/* What keeps the namespaces here is done with, so that it does not show as what keeps them. */
static void release(struct ending *ending)
{
    pinned_free(&ending->pinned);
    for (size_t i = 0; i < ending->mounted_count; i++) {
        mounted_close(&ending->mounted[i]);
        free((char *)(uintptr_t)ending->mounted[i].path);
    }
    ending->mounted_count = 0;
}

static int find(struct ending *ending, const char *text, struct failure *failure)
{
    if (ending_names_process(text))
        return ending_find_process(ending, text, failure);
    int result = instance_is_name(text) ? find_instance(ending, text, failure) : -ENOENT;

    /* A name of ip-netns(8) is a net namespace like another. */
    return result == -ENOENT ? find_reference(ending, text, failure) : result;
}

static int run(struct ending *ending, const struct end_options *end, struct output *output, struct failure *failure)
{
    int result = find(ending, end->text, failure);

    if (!result)
        result = look(ending, end->plan || end->expected.id, failure);
    if (!result && end->expected.id)
        result = ending_check_process(ending, &end->expected, failure);
    if (!result && end->mounts)
        result = find_mounts(ending, failure);
    if (!result) {
        int count = ending_find_victims(ending);
        result = count < 0 ? fail(failure, "victims", -count) : 0;
        if (count == 0 && ending->process.id)
            result = fail(failure, "process", ESRCH);
    }
    if (result)
        return result;
    if (end->plan) {
        print_plan(ending, output);
    } else {
        result = end_processes(ending, end->grace, output, failure);
        struct failure other = { 0 };
        int unmounted = unmount(ending, output, &other);
        if (!result && unmounted) {
            *failure = other;
            result = unmounted;
        }
        release(ending);
        int looked = look(ending, true, result ? &other : failure);
        if (!looked)
            ending_print_still(ending, false, output);
        result = result ? result : looked;
    }
    if (!result) {
        record_begin(output, "end");
        record_end(output);
    }
    return result;
}

int verb_end(const struct options *options, struct output *output, struct failure *failure)
{
    struct end_options end;
    struct ending ending = { .targets = 0 };
    int result = parse(options, &end, failure);

    if (!result)
        result = survey_open(&ending.survey, failure);
    if (result)
        return result;
    result = run(&ending, &end, output, failure);
    release(&ending);
    free(ending.mounted);
    free(ending.victim);
    survey_close(&ending.survey);
    return result;
}
