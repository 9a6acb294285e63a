/* A folder appears whole or not at all, and nothing that others wrote is deleted. */
#include "unit.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "base/file.h"
#include "export/export_folder.h"

#include "base/banned.h"

static struct bf_buf bytes(const char *text)
{
    struct bf_buf out;
    bf_buf_init(&out, 4096);
    bf_buf_puts(&out, text);
    return out;
}

static void put(struct bf_export_folder *folder, const char *name, const char *text)
{
    struct bf_err err = BF_ERR_INIT;
    struct bf_buf content = bytes(text);
    if (bf_folder_put(folder, name, &content, &err) != BF_OK)
        fail_msg("%s", err.text);
    bf_buf_release(&content);
}

/* A whole export of two files, as `text`. */
static enum bf_status export_to(const char *path, const char *text, struct bf_err *err)
{
    struct bf_export_folder folder;
    enum bf_status status = bf_folder_open(&folder, path, err);
    if (status != BF_OK)
        return status;
    put(&folder, "data/a.txt", text);
    put(&folder, BF_EXPORT_MANIFEST, "{\"program\": \"biforget\", \"files\": {\"data/a.txt\": {}}}");
    status = bf_folder_commit(&folder, err);
    assert_null(folder.path);
    assert_null(folder.temporary);
    return status;
}

static void assert_holds(const char *path, const char *want)
{
    struct bf_buf text;
    bf_buf_init(&text, 4096);
    assert_int_equal(bf_file_read(path, &text, NULL), BF_OK);
    assert_string_equal(text.data, want);
    bf_buf_release(&text);
}

static int count_entries(const char *path)
{
    DIR *stream = opendir(path);
    int n = 0;
    assert_non_null(stream);
    while (readdir(stream))
        n++;
    (void)closedir(stream);
    return n - 2;
}

static mode_t mode_of(const char *path)
{
    struct stat info;
    assert_int_equal(stat(path, &info), 0);
    return info.st_mode & 07777;
}

static void appears_whole(void **state)
{
    struct bf_export_folder folder;
    struct bf_err err = BF_ERR_INIT;
    (void)state;
    umask(0); /* private whatever the mask */
    assert_int_equal(mkdir("whole", 0755), 0);
    assert_int_equal(bf_folder_open(&folder, "whole/out//", &err), BF_OK);
    put(&folder, "a.txt", "one");
    put(&folder, "deep/er/b.txt", "two");
    put(&folder, BF_EXPORT_MANIFEST, "{}");
    assert_int_equal(folder.n_files, 3);
    assert_string_equal(folder.files[1].name, "deep/er/b.txt");
    assert_int_equal(folder.files[1].n_samples, -1);
    assert_false(bf_file_exists("whole/out"));
    assert_int_equal(bf_folder_commit(&folder, &err), BF_OK);
    umask(022);
    assert_holds("whole/out/a.txt", "one");
    assert_holds("whole/out/deep/er/b.txt", "two");
    assert_int_equal(mode_of("whole/out"), 0700);
    assert_int_equal(mode_of("whole/out/deep/er"), 0700);
    assert_int_equal(mode_of("whole/out/a.txt"), 0600);
    assert_int_equal(count_entries("whole"), 1); /* nothing is left beside it */
    bf_folder_abort(&folder);                    /* nothing to do */
}

static void abort_leaves_nothing(void **state)
{
    struct bf_export_folder folder = {.path = NULL};
    struct bf_err err = BF_ERR_INIT;
    (void)state;
    bf_folder_abort(&folder);
    assert_int_equal(mkdir("aborted", 0755), 0);
    assert_int_equal(export_to("aborted/out", "old", &err), BF_OK);
    assert_int_equal(bf_folder_open(&folder, "aborted/out", &err), BF_OK);
    put(&folder, "data/sub/new.txt", "new");
    assert_int_equal(count_entries("aborted"), 2);
    bf_folder_abort(&folder);
    assert_int_equal(count_entries("aborted"), 1);
    assert_holds("aborted/out/data/a.txt", "old");
}

static void replaces_its_own(void **state)
{
    struct bf_err err = BF_ERR_INIT;
    (void)state;
    assert_int_equal(mkdir("mine", 0755), 0);
    assert_int_equal(mkdir("mine/out", 0755), 0); /* an empty folder is as good as none */
    assert_int_equal(export_to("mine/out", "first", &err), BF_OK);
    assert_int_equal(export_to("mine/out", "second", &err), BF_OK);
    assert_holds("mine/out/data/a.txt", "second");
    /* Through a link the folder behind it is replaced. */
    assert_int_equal(symlink("out", "mine/link"), 0);
    assert_int_equal(export_to("mine/link", "third", &err), BF_OK);
    assert_holds("mine/out/data/a.txt", "third");
    assert_int_equal(count_entries("mine"), 2);
    assert_int_equal(mode_of("mine/out"), 0700);
}

static void refused(const char *path, const char *words)
{
    struct bf_err err = BF_ERR_INIT;
    assert_int_equal(export_to(path, "x", &err), BF_STORE);
    assert_error(err, BF_STORE, words);
    assert_error(err, BF_STORE, path);
}

static void deletes_nothing_of_others(void **state)
{
    struct bf_err err = BF_ERR_INIT;
    struct bf_export_folder folder;
    (void)state;
    assert_int_equal(mkdir("others", 0755), 0);
    assert_int_equal(mkdir("others/full", 0755), 0);
    write_text("others/full/thesis.txt", "years of work");
    refused("others/full", "not empty and is not an earlier export");
    write_text("others/full/" BF_EXPORT_MANIFEST, "{\"program\": \"another\"}");
    refused("others/full", "not an earlier export");
    write_text("others/full/" BF_EXPORT_MANIFEST, "not JSON");
    refused("others/full", "not an earlier export");
    write_text("others/full/" BF_EXPORT_MANIFEST, "{\"program\": \"biforget\"}"); /* and no files */
    refused("others/full", "'thesis.txt'");
    assert_holds("others/full/thesis.txt", "years of work");

    /* An export to which somebody has added a file, also deep in it. */
    assert_int_equal(export_to("others/out", "mine", &err), BF_OK);
    assert_int_equal(mkdir("others/out/data/runs", 0755), 0);
    write_text("others/out/data/runs/notes.md", "mine too");
    refused("others/out", "'data/runs/notes.md'");
    assert_int_equal(unlink("others/out/data/runs/notes.md"), 0);
    assert_int_equal(symlink("/etc", "others/out/data/runs/link"), 0); /* not followed */
    refused("others/out", "'data/runs/link'");
    assert_int_equal(unlink("others/out/data/runs/link"), 0);

    /* A file that comes while the new folder is being written. */
    assert_int_equal(bf_folder_open(&folder, "others/out", &err), BF_OK);
    put(&folder, "data/a.txt", "new");
    write_text("others/out/late.txt", "late");
    assert_int_equal(bf_folder_commit(&folder, &err), BF_STORE);
    assert_error(err, BF_STORE, "'late.txt'");
    assert_holds("others/out/late.txt", "late");
    assert_holds("others/out/data/a.txt", "mine");
    assert_int_equal(unlink("others/out/late.txt"), 0);
    assert_int_equal(export_to("others/out", "again", &err), BF_OK); /* empty folders are no loss */

    write_text("others/file", "text");
    refused("others/file", "a file has that name");
    assert_holds("others/file", "text");
    refused("others/no/such/place", "choose a place that exists");
    assert_int_equal(count_entries("others"), 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(appears_whole),
        cmocka_unit_test(abort_leaves_nothing),
        cmocka_unit_test(replaces_its_own),
        cmocka_unit_test(deletes_nothing_of_others),
    };
    return cmocka_run_group_tests(tests, enter_scratch, leave_scratch);
}
