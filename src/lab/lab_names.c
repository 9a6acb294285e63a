/* Files that cells write are named by the cells' keys, so that two cells never share a file, however the experiment is
 * changed. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/hash.h"
#include "lab/lab_private.h"

#include "base/banned.h"

/* A cell's inputs hold everything that it depends on, including the inputs of earlier cells. */
void bf_lab_key(const char *kind, const json_t *inputs, char key[BF_SHA256_HEX])
{
    json_t *all = json_pack("{s:s, s:O}", "kind", kind, "inputs", inputs);
    char *text = bf_json_dump(all);
    bf_sha256_hex(text, strlen(text), key);
    free(text);
    json_decref(all);
}

char *bf_lab_path(const struct bf_lab *lab, const char *folder, const char *name)
{
    char *dir = bf_path_join(lab->dir, folder);
    char *path = bf_path_join(dir, name);
    free(dir);
    return path;
}

char *bf_lab_artefact(const struct bf_lab *lab, const char *folder, const char *name, const char *kind,
                      const json_t *inputs, const char *ending)
{
    char key[BF_SHA256_HEX];
    struct bf_buf file;
    bf_lab_key(kind, inputs, key);
    bf_buf_init(&file, 4096);
    bf_buf_printf(&file, "%s-%.8s%s", name, key, ending);
    char *path = bf_lab_path(lab, folder, file.data);
    bf_buf_release(&file);
    return path;
}

char *bf_lab_world_folder(const struct bf_world_params *world)
{
    char key[BF_SHA256_HEX];
    struct bf_buf name;
    json_t *inputs =
        json_pack("[I, i, i, i]", (json_int_t)world->seed, world->n_circles, world->n_people, BF_LAB_WORLD_FORM);
    bf_lab_key("world", inputs, key);
    json_decref(inputs);
    bf_buf_init(&name, 64);
    bf_buf_printf(&name, "world-%.8s", key);
    return bf_buf_take(&name);
}

void bf_lab_remove_model(const char *path)
{
    struct bf_buf work;
    bf_buf_init(&work, SIZE_MAX);
    bf_buf_printf(&work, "%s.training", path);
    bf_remove(path);
    bf_remove(work.data);
    bf_buf_release(&work);
}

void bf_lab_remove_temporaries(const struct bf_lab *lab)
{
    char *models = bf_path_join(lab->dir, "models");
    DIR *dir = opendir(models);
    const struct dirent *entry;
    while (dir && (entry = readdir(dir))) {
        char *path = bf_path_join(models, entry->d_name);
        if (bf_atomic_is_temporary(entry->d_name, ".gguf"))
            (void)unlink(path);
        free(path);
    }
    if (dir)
        (void)closedir(dir);
    free(models);
}
