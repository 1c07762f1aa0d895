#include "create.h"

#include "environment.h"
#include "util.h"

#include <fcntl.h>
#include <string.h>

/* Reads the value of an option. False when it is none. */
typedef bool option_reader(struct create *create, const char *value);

static bool read_whole(const char *text, uint64_t most, uint64_t *number)
{
    const char *end = text + strlen(text);

    return parse_number(&text, end, number) && text == end && *number <= most;
}

static bool read_new(struct create *create, const char *value)
{
    while (*value) {
        size_t length = strcspn(value, ",");
        enum ns_type type = ns_type_by_name(value, length);
        if (type == NS_NONE || (value[length] == ',' && value[length + 1] == '\0'))
            return false;
        create->new_types |= 1u << type;
        value += length + (value[length] == ',');
    }
    return true;
}

static bool read_join(struct create *create, const char *value)
{
    size_t length = strcspn(value, ":");
    enum ns_type type = ns_type_by_name(value, length);

    if (type == NS_NONE || value[length] != ':' || has_type(create->join_types, type))
        return false;
    /* A number alone is that of the type: the whole is a reference then. */
    const char *reference = value + length + 1;
    create->join[type].reference = reference[strspn(reference, "0123456789")] ? reference : value;
    create->join_types |= 1u << type;
    return value[length + 1] != '\0';
}

static bool read_uid_map(struct create *create, const char *value)
{
    return map_add(&create->uid_map, value);
}

static bool read_gid_map(struct create *create, const char *value)
{
    return map_add(&create->gid_map, value);
}

static bool read_map(struct create *create, const char *value)
{
    static const char names[][5] = { [MAP_ROOT] = "root", [MAP_SAME] = "same", [MAP_AUTO] = "auto" };

    for (enum map_kind kind = MAP_ROOT; kind <= MAP_AUTO; kind++)
        if (strcmp(names[kind], value) == 0)
            create->map = kind;
    return create->map != MAP_NONE;
}

static bool read_setgroups(struct create *create, const char *value)
{
    create->setgroups_deny = strcmp(value, "deny") == 0;
    return create->setgroups_deny;
}

/* Seconds that the kernel can add to a clock: timens_offsets refuses what lies beyond KTIME_SEC_MAX / 2 with ERANGE. */
static bool read_seconds(const char *value, int64_t *seconds)
{
    uint64_t number;
    bool negative = *value == '-';

    if (!read_whole(value + negative, INT64_MAX, &number))
        return false;
    *seconds = negative ? -(int64_t)number : (int64_t)number;
    return true;
}

static bool read_monotonic(struct create *create, const char *value)
{
    return create->has_monotonic = read_seconds(value, &create->monotonic);
}

static bool read_boottime(struct create *create, const char *value)
{
    return create->has_boottime = read_seconds(value, &create->boottime);
}

/* (uid_t)-1 means none. */
static bool read_uid(struct create *create, const char *value)
{
    uint64_t number;

    create->has_uid = read_whole(value, UINT32_MAX - 1, &number);
    create->uid = create->has_uid ? (uint32_t)number : 0;
    return create->has_uid;
}

static bool read_gid(struct create *create, const char *value)
{
    uint64_t number;

    create->has_gid = read_whole(value, UINT32_MAX - 1, &number);
    create->gid = create->has_gid ? (uint32_t)number : 0;
    return create->has_gid;
}

static bool read_records(struct create *create, const char *value)
{
    uint64_t number;

    create->has_records = read_whole(value, 1 << 20, &number) && fcntl((int)number, F_GETFD) >= 0;
    create->records = create->has_records ? (int)number : -1;
    return create->has_records;
}

/* sethostname(2) takes at most 64 bytes. */
static bool read_hostname(struct create *create, const char *value)
{
    create->hostname = value;
    return strlen(value) <= 64;
}

static bool read_domainname(struct create *create, const char *value)
{
    create->domainname = value;
    return strlen(value) <= 64;
}

static bool read_path(const char **to, const char *value)
{
    *to = value;
    return value[0] == '/' && strlen(value) < 4096;
}

static bool read_root(struct create *create, const char *value)
{
    return read_path(&create->root, value);
}

static bool read_chdir(struct create *create, const char *value)
{
    return read_path(&create->chdir, value);
}

/* The name is a folder's in /run/linux-namespaces, where `helper` holds the helper's own files, and a word in /proc. */
static bool read_keep(struct create *create, const char *value)
{
    size_t length = strspn(value, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-");

    create->keep = value;
    return length >= 1 && length <= 64 && value[length] == '\0' && value[0] != '.' && strcmp(value, "helper") != 0;
}

static bool add(struct create_list *list, const char *value)
{
    if (list->count == CREATE_LIST_MAX)
        return false;
    list->item[list->count++] = value;
    return true;
}

static bool read_mount(struct create *create, const char *value)
{
    struct create_mount mount;

    return create_parse_mount(value, &mount) && add(&create->mounts, value);
}

static bool read_veth(struct create *create, const char *value)
{
    struct create_veth veth;

    create->veth = value;
    return create_parse_veth(value, &veth);
}

static bool read_sysctl(struct create *create, const char *value)
{
    return add(&create->sysctls, value);
}

static bool read_env(struct create *create, const char *value)
{
    (void)create;
    return environment_is_entry(value);
}

static bool set_clear_env(struct create *create, const char *value)
{
    (void)create;
    (void)value;
    return true;
}

static bool set_mount_proc(struct create *create, const char *value)
{
    (void)value;
    return create->mount_proc = true;
}

static bool set_loopback(struct create *create, const char *value)
{
    (void)value;
    return create->loopback = true;
}

static bool set_try(struct create *create, const char *value)
{
    (void)value;
    return create->try = true;
}

static bool set_wait(struct create *create, const char *value)
{
    (void)value;
    return create->wait = true;
}

/* The words begin with the option's name; those of one without a value are that alone. */
static const struct {
    option_reader *read;
    const char *words;
} option_table[] = {
    { read_new, "--new takes types: mnt, uts, ipc, pid, net, user, cgroup, time" },
    { read_join, "--join takes TYPE:REFERENCE, once for a type" },
    { read_uid_map, "--uid-map takes INSIDE:OUTSIDE:COUNT" },
    { read_gid_map, "--gid-map takes INSIDE:OUTSIDE:COUNT" },
    { read_map, "--map takes root, same or auto" },
    { read_setgroups, "--setgroups takes deny" },
    { read_hostname, "--hostname takes at most 64 bytes" },
    { read_domainname, "--domainname takes at most 64 bytes" },
    { read_monotonic, "--monotonic takes whole seconds" },
    { read_boottime, "--boottime takes whole seconds" },
    { read_root, "--root takes an absolute path" },
    { read_chdir, "--chdir takes an absolute path" },
    { set_mount_proc, "--mount-proc" },
    { read_mount, "--mount takes SOURCE:TARGET or SOURCE:TARGET:ro, both absolute, at most 64 times" },
    { read_sysctl, "--sysctl can be given 64 times" },
    { set_loopback, "--loopback" },
    { read_veth, "--veth takes NAME,ADDRESS/PREFIX,PEERADDRESS/PREFIX" },
    { read_uid, "--uid takes a number" },
    { read_gid, "--gid takes a number" },
    { read_keep, "--keep takes 1 to 64 of A-Z a-z 0-9 _ . -, not starting with a dot, and not helper" },
    { read_env, "--env takes NAME=VALUE" },
    { set_clear_env, "--clear-env" },
    { read_records, "--records takes an open file descriptor" },
    { set_try, "--try" },
    { set_wait, "--wait" },
};

static int parse_word(const char *word, struct create *create, struct failure *failure)
{
    for (size_t i = 0; i < array_length(option_table); i++) {
        const char *words = option_table[i].words;
        size_t length = strcspn(words, " ");
        if (strncmp(word, words, length) != 0 || word[length] != (words[length] ? '=' : '\0'))
            continue;
        return option_table[i].read(create, word + length + 1) ? 0 : fail_usage(failure, "option", words);
    }
    return fail_usage(failure, "option", "unknown option or argument");
}

/* What would otherwise change a namespace that was there before. */
static int check(const struct create *create, struct failure *failure)
{
    const struct {
        bool asked;
        enum ns_type type;
        const char *detail;
    } needs[] = {
        { create->root || create->mount_proc || create->mounts.count > 0, NS_MNT,
          "--root, --mount-proc and --mount need --new=mnt" },
        { create->hostname || create->domainname, NS_UTS, "--hostname and --domainname need --new=uts" },
        { create->has_monotonic || create->has_boottime, NS_TIME, "--monotonic and --boottime need --new=time" },
        { create->loopback || create->veth, NS_NET, "--loopback and --veth need --new=net" },
        { create->map || create->uid_map.count || create->gid_map.count || create->setgroups_deny, NS_USER,
          "--map, --uid-map, --gid-map and --setgroups need --new=user" },
    };
    char path[256];
    const char *value;

    for (size_t i = 0; i < array_length(needs); i++)
        if (needs[i].asked && !has_type(create->new_types, needs[i].type))
            return fail_usage(failure, "option", needs[i].detail);
    if (create->new_types & create->join_types)
        return fail_usage(failure, "option", "a type is either new or joined");
    if (create->map && (create->uid_map.count || create->gid_map.count))
        return fail_usage(failure, "option", "--map and ranges exclude each other");
    if ((create->try || create->wait) && (create->argv || create->keep))
        return fail_usage(failure, "option", "--try and --wait neither run nor keep anything");
    for (size_t i = 0; i < create->sysctls.count; i++)
        if (!create_parse_sysctl(create->sysctls.item[i], create->new_types, path, sizeof path, &value))
            return fail_usage(failure, "option", "--sysctl takes NAME=VALUE of one of the new namespaces");
    return 0;
}

int create_parse(char *const *word, size_t count, struct create *create, struct failure *failure)
{
    bool asked = false;

    *create = (struct create){ .records = -1, .word = word };
    for (enum ns_type type = 0; type < NS_TYPES; type++)
        create->join[type].fd = -1;
    for (size_t i = 0; i < count; i++) {
        if (strcmp(word[i], "--") == 0) {
            if (i + 1 == count)
                return fail_usage(failure, "option", "nothing to run after --");
            create->argv = word + i + 1;
            break;
        }
        int result = parse_word(word[i], create, failure);
        if (result)
            return result;
        asked = asked || strncmp(word[i], "--new=", 6) == 0 || strncmp(word[i], "--join=", 7) == 0;
    }
    if (!asked)
        return fail_usage(failure, "option", "nothing to create: --new or --join is missing");
    return check(create, failure);
}
