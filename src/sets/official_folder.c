/* Which files of a folder belong together, and whether one begins with the lines of another. */
#include "sets/official_folder.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "request/instance_file.h"
#include "request/instance_source.h"

#include "base/banned.h"

#define SETS_MAX 10000
#define LINE_MAX_BYTES BF_IMPORT_TEXT_MAX

static const char prefix[] = "synthetic_";
static const char extension[] = ".txt";
static const char both[] = "_both";

/* Is s[0..n) like "_itemsperround6_maxround4_mianum1000_jailbreaknum1000", or empty? */
static bool is_settings(const char *s, size_t n)
{
    static const char *const words[] = {"_itemsperround", "_maxround", "_mianum", "_jailbreaknum"};
    size_t at = 0;

    if (n == 0)
        return true;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        size_t length = strlen(words[i]), digits;

        if (n - at < length || memcmp(s + at, words[i], length) != 0)
            return false;
        at += length;
        digits = strspn(s + at, "0123456789");
        at += digits;
        if (digits == 0 || at > n)
            return false;
    }
    return at == n;
}

/* The variant of a file by its name and the topic in it, s[0..*n_topic); COUNT for another file. */
static enum bf_official_variant variant_of(const char *name, const char **topic, size_t *n_topic)
{
    static const struct {
        const char *end;
        enum bf_official_variant variant;
    } ends[] = {{"_fix", BF_OFFICIAL_FIX}, {"_MIA", BF_OFFICIAL_MI}, {"_jailbreak", BF_OFFICIAL_JAILBREAK}};
    size_t n = strlen(name), n_prefix = sizeof prefix - 1, n_extension = sizeof extension - 1;

    if (n <= n_prefix + n_extension || memcmp(name, prefix, n_prefix) != 0 ||
        memcmp(name + n - n_extension, extension, n_extension) != 0)
        return BF_OFFICIAL_COUNT;
    *topic = name + n_prefix;
    n -= n_prefix + n_extension;
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        size_t n_end = strlen(ends[i].end);
        if (n > n_end && memcmp(*topic + n - n_end, ends[i].end, n_end) == 0) {
            *n_topic = n - n_end;
            return ends[i].variant;
        }
    }
    for (size_t at = n; at-- > 1;) { /* the last "_both" whose rest fits */
        size_t end = at + sizeof both - 1;
        if (end <= n && memcmp(*topic + at, both, sizeof both - 1) == 0 && is_settings(*topic + end, n - end)) {
            *n_topic = at;
            return BF_OFFICIAL_BOTH;
        }
    }
    return BF_OFFICIAL_COUNT;
}

static char *topic_text(const char *s, size_t n)
{
    struct bf_buf text;

    bf_buf_init(&text, SIZE_MAX);
    bf_utf8_clean(&text, s, n);
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] == '_')
            text.data[i] = ' ';
    }
    return bf_buf_take(&text);
}

/* The set of a topic; a new one when the topic is new. */
static struct bf_official_set *set_of(struct bf_official_folder *folder, const char *s, size_t n)
{
    char *topic = topic_text(s, n);

    for (size_t i = 0; i < folder->n; i++) {
        if (strcmp(folder->sets[i].topic, topic) == 0) {
            free(topic);
            return &folder->sets[i];
        }
    }
    folder->sets = bf_grow(folder->sets, folder->n + 1, sizeof *folder->sets);
    folder->sets[folder->n] = (struct bf_official_set){.topic = topic};
    return &folder->sets[folder->n++];
}

static enum bf_status add_file(struct bf_official_folder *folder, const char *dir, const char *name, struct bf_err *err)
{
    const char *topic = NULL;
    size_t n_topic = 0;
    enum bf_official_variant variant = variant_of(name, &topic, &n_topic);
    struct bf_official_set *set;

    if (variant == BF_OFFICIAL_COUNT)
        return BF_OK;
    if (folder->n >= SETS_MAX)
        return bf_fail(err, BF_INPUT, "'%s' has over %d sets; sort them into several folders", dir, SETS_MAX);
    set = set_of(folder, topic, n_topic);
    if (set->paths[variant])
        return bf_fail(err, BF_INPUT,
                       "'%s' has two files of one variant for '%s', the second is '%s'; put them into separate folders",
                       dir, set->topic, name);
    set->paths[variant] = bf_path_join(dir, name);
    return BF_OK;
}

/* The next line that is not blank; *ended without one. */
static enum bf_status next_line(struct bf_source *source, struct bf_buf *line, bool *ended, struct bf_err *err)
{
    do {
        bf_buf_clear(line);
        if (bf_source_line(source, line, ended, err) != BF_OK)
            return BF_INPUT;
    } while (!*ended && !line->overflow && bf_text_is_blank(line->data, line->len));
    return BF_OK;
}

/* Count the lines of a file, and check whether it begins with those of `first` (nullable). */
static enum bf_status count_lines(const char *path, const char *first, int64_t *n, bool *continues, struct bf_err *err)
{
    struct bf_source source, other = {.fd = -1};
    struct bf_buf line, other_line;
    bool ended = false, other_ended = first == NULL;
    enum bf_status status;

    *n = 0;
    bf_buf_init(&line, LINE_MAX_BYTES);
    bf_buf_init(&other_line, LINE_MAX_BYTES);
    status = bf_source_open(&source, path, err);
    if (status == BF_OK && first)
        status = bf_source_open(&other, first, err);
    while (status == BF_OK && !ended) {
        status = next_line(&source, &line, &ended, err);
        if (status == BF_OK && !other_ended)
            status = next_line(&other, &other_line, &other_ended, err);
        if (status != BF_OK)
            break;
        if (!other_ended && (ended || line.overflow || other_line.overflow || line.len != other_line.len ||
                             memcmp(line.data, other_line.data, line.len) != 0)) {
            *continues = false;
            other_ended = true;
        }
        *n += !ended;
    }
    bf_source_release(&source);
    bf_source_release(&other);
    bf_buf_release(&line);
    bf_buf_release(&other_line);
    return status;
}

/* The numbers of lines, and whether the files continue each other. */
static enum bf_status measure(struct bf_official_set *set, struct bf_err *err)
{
    static const enum bf_official_variant begins_with[BF_OFFICIAL_COUNT] = {
        [BF_OFFICIAL_FIX] = BF_OFFICIAL_COUNT,
        [BF_OFFICIAL_MI] = BF_OFFICIAL_FIX,
        [BF_OFFICIAL_JAILBREAK] = BF_OFFICIAL_FIX,
        [BF_OFFICIAL_BOTH] = BF_OFFICIAL_MI,
    };

    set->nested = set->paths[BF_OFFICIAL_FIX] != NULL;
    for (size_t v = 0; v < BF_OFFICIAL_COUNT; v++) {
        enum bf_official_variant other = begins_with[v];
        const char *first = other < BF_OFFICIAL_COUNT ? set->paths[other] : NULL;

        if (!set->paths[v])
            continue;
        if (count_lines(set->paths[v], first, &set->n[v], &set->nested, err) != BF_OK)
            return BF_INPUT;
        if (v == BF_OFFICIAL_BOTH && !first)
            set->nested = false;
    }
    return BF_OK;
}

static int by_topic(const void *a, const void *b)
{
    return strcmp(((const struct bf_official_set *)a)->topic, ((const struct bf_official_set *)b)->topic);
}

enum bf_status bf_official_folder_read(const char *dir, struct bf_official_folder *out, struct bf_err *err)
{
    enum bf_status status = BF_OK;
    const struct dirent *entry;
    DIR *stream;

    *out = (struct bf_official_folder){.n = 0};
    stream = opendir(dir);
    if (!stream)
        return bf_fail(err, BF_INPUT, "cannot read the folder '%s': %s; check the name", dir, bf_errno_text(errno));
    errno = 0;
    while (status == BF_OK && (entry = readdir(stream)) != NULL) {
        status = add_file(out, dir, entry->d_name, err);
        errno = 0;
    }
    if (status == BF_OK && errno != 0)
        status = bf_fail(err, BF_INPUT, "cannot read the folder '%s': %s; check the disk", dir, bf_errno_text(errno));
    (void)closedir(stream);
    if (status == BF_OK && out->n == 0)
        status =
            bf_fail(err, BF_INPUT,
                    "'%s' has no file synthetic_TOPIC_fix.txt (MIA, jailbreak, both) as the official scripts write "
                    "them; give such a folder, or a file",
                    dir);
    if (status == BF_OK)
        qsort(out->sets, out->n, sizeof *out->sets, by_topic);
    for (size_t i = 0; i < out->n && status == BF_OK; i++)
        status = measure(&out->sets[i], err);
    return status;
}

void bf_official_folder_release(struct bf_official_folder *folder)
{
    for (size_t i = 0; i < folder->n; i++) {
        free(folder->sets[i].topic);
        for (size_t v = 0; v < BF_OFFICIAL_COUNT; v++)
            free(folder->sets[i].paths[v]);
    }
    free(folder->sets);
    *folder = (struct bf_official_folder){.n = 0};
}

enum bf_official_variant bf_official_largest(const struct bf_official_set *set)
{
    const int64_t *n = set->n;

    if (set->paths[BF_OFFICIAL_BOTH])
        return BF_OFFICIAL_BOTH;
    if (set->paths[BF_OFFICIAL_MI] &&
        (!set->paths[BF_OFFICIAL_JAILBREAK] || n[BF_OFFICIAL_MI] >= n[BF_OFFICIAL_JAILBREAK]))
        return BF_OFFICIAL_MI;
    return set->paths[BF_OFFICIAL_JAILBREAK] ? BF_OFFICIAL_JAILBREAK : BF_OFFICIAL_FIX;
}

enum bf_stage bf_official_stage(const struct bf_official_set *set, enum bf_official_variant variant, int64_t record)
{
    if (variant == BF_OFFICIAL_FIX)
        return BF_STAGE_SYNTHESIS;
    if (!set->nested)
        return BF_STAGE_COUNT;
    if (record <= set->n[BF_OFFICIAL_FIX])
        return BF_STAGE_SYNTHESIS;
    if (variant == BF_OFFICIAL_MI || (variant == BF_OFFICIAL_BOTH && record <= set->n[BF_OFFICIAL_MI]))
        return BF_STAGE_MI;
    return BF_STAGE_JAILBREAK;
}
