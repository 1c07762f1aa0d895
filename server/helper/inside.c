#include "create.h"

#include "channel.h"
#include "link.h"
#include "util.h"

#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

int inside_prepare(struct inside *inside, struct failure *failure)
{
    return has_type(inside->create->new_types, NS_MNT) ? root_prepare(inside, failure) : 0;
}

/* The id 0 of a user namespace that was made or joined, where it maps one. */
static int become_root(struct inside *inside, struct failure *failure)
{
    const struct create *create = inside->create;
    bool joined = has_type(create->join_types, NS_USER);

    if (!joined && !has_type(create->new_types, NS_USER))
        return 0;
    if (joined || map_has(&create->gid_map, 0)) {
        /* EPERM where setgroups was given up, EINVAL where gid 0 is not mapped. */
        if (!create->setgroups_deny && syscall(SYS_setgroups, 0, NULL) < 0 && errno != EPERM)
            return fail(failure, "setgroups", errno);
        if (syscall(SYS_setresgid, 0, 0, 0) < 0 && !joined)
            return fail(failure, "setresgid", errno);
    }
    if ((joined || map_has(&create->uid_map, 0)) && syscall(SYS_setresuid, 0, 0, 0) < 0 && !joined)
        return fail(failure, "setresuid", errno);
    /* Both are lost with a change of credentials; an init that is not dumpable would hide its namespaces. */
    prctl(PR_SET_DUMPABLE, 1);
    if (!tie_to_guardian(inside->control))
        _exit(1);
    return 0;
}

static int set_names(const struct create *create, struct failure *failure)
{
    if (create->hostname && sethostname(create->hostname, strlen(create->hostname)) < 0)
        fail(failure, "sethostname", errno);
    else if (create->domainname && setdomainname(create->domainname, strlen(create->domainname)) < 0)
        fail(failure, "setdomainname", errno);
    if (failure->step)
        failure->type = NS_UTS;
    return failure->step ? -failure->number : 0;
}

static int set_links(const struct create *create, struct failure *failure)
{
    struct create_veth veth;
    int result = create->loopback ? link_up("lo") : 0;

    if (result)
        fail(failure, "loopback", -result);
    if (!result && create->veth && create_parse_veth(create->veth, &veth)) {
        result = link_configure("eth0", &veth.peer);
        if (result)
            fail(failure, "veth", -result);
    }
    if (result)
        failure->type = NS_NET;
    return result;
}

static int set_sysctls(struct inside *inside, struct failure *failure)
{
    const struct create *create = inside->create;

    for (size_t i = 0; i < create->sysctls.count; i++) {
        char path[300] = "sys/";
        const char *value;
        if (!create_parse_sysctl(create->sysctls.item[i], create->new_types, path + 4, 256, &value))
            return fail(failure, "sysctl", EINVAL);
        /* /proc/sys shows the namespaces of who looks, whichever /proc it is. */
        autoclose int fd = openat(inside->host->proc, path, O_WRONLY | O_CLOEXEC);
        if (fd < 0 || write(fd, value, strlen(value)) < 0) {
            fail(failure, "sysctl", errno);
            failure->path = create->sysctls.item[i];
            return -failure->number;
        }
    }
    return 0;
}

/*
 * That a user namespace was made does not say that it is of use: AppArmor may let it be made and take the capabilities
 * away. Only an act that needs one tells.
 */
static int try_capability(const struct create *create, struct failure *failure)
{
    if (!create->try || !has_type(create->new_types, NS_USER) || unshare(CLONE_NEWUTS) == 0)
        return 0;
    fail(failure, "capability", errno);
    failure->type = NS_USER;
    failure->detail = "the new user namespace does not give CAP_SYS_ADMIN over what is made in it";
    return -failure->number;
}

int inside_finish(struct inside *inside, struct failure *failure)
{
    const struct create *create = inside->create;
    int result = become_root(inside, failure);

    if (!result && has_type(create->new_types, NS_MNT))
        result = root_finish(inside, failure);
    if (!result)
        result = set_names(create, failure);
    if (!result)
        result = set_links(create, failure);
    if (!result)
        result = set_sysctls(inside, failure);
    return result ? result : try_capability(create, failure);
}
