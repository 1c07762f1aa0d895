#include "kernel.h"
#include "nsfs.h"
#include "survey.h"
#include "util.h"

#define BATCH 512

/* Sorted ids of the namespaces known. */
static int known_ids(const struct survey *survey, uint64_t **ids, size_t *count)
{
    *count = 0;
    *ids = malloc((survey->namespaces.count + 1) * sizeof **ids);
    if (!*ids)
        return -ENOMEM;
    for (size_t i = 0; i < survey->namespaces.count; i++)
        if (survey->namespaces.item[i].nsid != 0)
            (*ids)[(*count)++] = survey->namespaces.item[i].nsid;
    sort_numbers(*ids, *count);
    return 0;
}

/* The id becomes a namespace by its file handle. One that died meanwhile, or may not be opened, is left out. */
static int add_by_id(struct survey *survey, uint64_t nsid)
{
    struct nsfs_identity identity;
    uint32_t index;
    autoclose int fd = nsfs_open_id(nsid);

    if (fd < 0 || nsfs_identify(&survey->host, fd, &identity))
        return 0;
    int result = namespaces_add(&survey->namespaces, identity.type, identity.id, &index);
    if (!result)
        survey->namespaces.item[index].nsid = nsid;
    return result;
}

int survey_listns(struct survey *survey)
{
    struct ns_id_req request = { .size = sizeof request };
    autofree uint64_t *known = NULL;
    uint64_t ids[BATCH];
    size_t known_count;
    int result = 0;

    if (!survey->host.listns)
        return 0;
    survey->sources |= SOURCE_LISTNS;
    result = known_ids(survey, &known, &known_count);
    while (!result) {
        long count = syscall(SYSCALL_LISTNS, &request, ids, (size_t)BATCH, 0);
        /* ENOENT is its way to say that nothing follows. An unprivileged caller only gets what it is in. */
        if (count <= 0)
            break;
        for (long i = 0; !result && i < count; i++)
            if (!has_number(known, known_count, ids[i]))
                result = add_by_id(survey, ids[i]);
        if (request.ns_id == ids[count - 1])
            break;
        request.ns_id = ids[count - 1];
    }
    if (!result)
        result = survey_relations(survey, 1);
    /* A mount namespace among them may have further ones mounted in it. */
    return result ? result : survey_mounts(survey, 1);
}
