/* Tensors of a GGUF: every one of the file has to be known and of the right shape, for one that is left out changes the
 * model. */
#include <ggml.h>
#include <gguf.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/floats.h"
#include "base/mem.h"
#include "graph/graph_internal.h"
#include "base/banned.h"

enum { ROW_VALUES = 1 << 12 };

void bf_graph_to_float(int type, const void *bytes, float *out, int64_t n)
{
    if (type == GGML_TYPE_F32)
        memcpy(out, bytes, (size_t)n * sizeof *out);
    else
        ggml_get_type_traits((enum ggml_type)type)->to_float(bytes, out, n);
}

static bool readable(int type)
{
    return type == GGML_TYPE_F32 || ggml_get_type_traits((enum ggml_type)type)->to_float != NULL;
}

/* Copies the file's list of tensors; their bytes have to lie inside the file. */
static enum bf_status list_tensors(struct bf_graph *g, uint64_t n_file_bytes, struct bf_err *err)
{
    const int64_t n = gguf_get_n_tensors(g->gguf);
    const uint64_t start = gguf_get_data_offset(g->gguf);
    if (n < 1 || n > 1 << 20)
        return bf_fail(err, BF_MODEL, "'%s' has %" PRId64 " tensors: it is not a model", g->path, n);
    g->weights = bf_array((size_t)n, sizeof *g->weights);
    g->n_weights = (size_t)n;
    for (int64_t i = 0; i < n; i++) {
        struct bf_weight *w = &g->weights[i];
        const int64_t *ne = gguf_get_tensor_ne(g->gguf, i);
        w->name = gguf_get_tensor_name(g->gguf, i);
        w->index = i;
        w->type = (int)gguf_get_tensor_type(g->gguf, i);
        w->n_bytes = gguf_get_tensor_size(g->gguf, i);
        const uint64_t offset = gguf_get_tensor_offset(g->gguf, i);
        w->n_in = ne[0];
        w->n_out = ne[1];
        w->n_dims = ne[1] == 1 ? 1 : 2;
        if (ne[2] != 1 || ne[3] != 1)
            return bf_fail(err, BF_MODEL,
                           "'%s': the tensor '%s' has more than two dimensions, which training does not support",
                           g->path, w->name);
        if (!readable(w->type))
            return bf_fail(err, BF_MODEL, "'%s': the tensor '%s' is of type %s, which cannot be read as numbers",
                           g->path, w->name, ggml_type_name((enum ggml_type)w->type));
        if (start > n_file_bytes || offset > n_file_bytes - start || w->n_bytes > n_file_bytes - start - offset)
            return bf_fail(err, BF_MODEL, "'%s' is cut short: the tensor '%s' would end after the end of the file",
                           g->path, w->name);
        w->offset = start + offset;
        g->n_elements += w->n_in * w->n_out;
    }
    return BF_OK;
}

static struct bf_weight *find(struct bf_graph *g, const char *name)
{
    const int64_t i = gguf_find_tensor(g->gguf, name);
    return i < 0 ? NULL : &g->weights[i];
}

/* Binds a tensor of [n_out, n_in]; *status keeps the first failure. NULL when it is missing, which `optional`
 * allows. */
static struct bf_weight *bind(struct bf_graph *g, bool *known, const char *name, int64_t n_out, int64_t n_in,
                              bool optional, enum bf_status *status, struct bf_err *err)
{
    struct bf_weight *w = find(g, name);
    if (*status != BF_OK || (!w && optional))
        return NULL;
    if (!w) {
        *status = bf_fail(err, BF_MODEL, "'%s' lacks the tensor '%s'", g->path, name);
        return NULL;
    }
    if (w->n_in != n_in || w->n_out != n_out) {
        *status =
            bf_fail(err, BF_MODEL,
                    "'%s': the tensor '%s' is %" PRId64 " x %" PRId64 ", but %" PRId64 " x %" PRId64 " is expected",
                    g->path, name, w->n_out, w->n_in, n_out, n_in);
        return NULL;
    }
    known[w->index] = true;
    return w;
}

static void bind_block(struct bf_graph *g, bool *known, int32_t i, struct bf_block *b, enum bf_status *status,
                       struct bf_err *err)
{
    const struct bf_graph_config *c = &g->config;
    const int64_t e = c->n_embd, qd = (int64_t)c->n_head * c->n_head_dim, kd = (int64_t)c->n_head_kv * c->n_head_dim,
                  f = c->n_ff;
    const struct {
        const char *name;
        int64_t n_out, n_in;
    } linear[BF_N_LINEAR] = {
        [BF_Q] = {"attn_q", qd, e},      [BF_K] = {"attn_k", kd, e},     [BF_V] = {"attn_v", kd, e},
        [BF_O] = {"attn_output", e, qd}, [BF_GATE] = {"ffn_gate", f, e}, [BF_UP] = {"ffn_up", f, e},
        [BF_DOWN] = {"ffn_down", e, f},
    };
    char name[96];
    for (int j = 0; j < BF_N_LINEAR; j++) {
        snprintf(name, sizeof name, "blk.%d.%s.weight", i, linear[j].name);
        b->linear[j].weight = bind(g, known, name, linear[j].n_out, linear[j].n_in, false, status, err);
        snprintf(name, sizeof name, "blk.%d.%s.bias", i, linear[j].name);
        b->linear[j].bias = bind(g, known, name, 1, linear[j].n_out, true, status, err);
    }
    snprintf(name, sizeof name, "blk.%d.attn_norm.weight", i);
    b->attention_norm = bind(g, known, name, 1, e, false, status, err);
    snprintf(name, sizeof name, "blk.%d.ffn_norm.weight", i);
    b->ffn_norm = bind(g, known, name, 1, e, false, status, err);
}

static void use(struct bf_weight *w)
{
    if (w)
        w->used = true;
}

static enum bf_status bind_all(struct bf_graph *g, struct bf_err *err)
{
    const struct bf_graph_config *c = &g->config;
    bool *known = bf_array(g->n_weights, sizeof *known);
    enum bf_status status = BF_OK;
    const struct bf_weight *embedding = find(g, "token_embd.weight");
    const int64_t n_vocab = embedding ? embedding->n_out : 1;
    if (n_vocab < 1 || n_vocab > 1 << 22) {
        status = bf_fail(err, BF_MODEL, "'%s': a vocabulary of %" PRId64 " tokens", g->path, n_vocab);
        goto out;
    }
    g->n_vocab = (int32_t)n_vocab;
    g->embedding = bind(g, known, "token_embd.weight", n_vocab, c->n_embd, false, &status, err);
    g->output_norm = bind(g, known, "output_norm.weight", 1, c->n_embd, false, &status, err);
    g->output.weight = bind(g, known, "output.weight", n_vocab, c->n_embd, true, &status, err);
    g->output.bias = bind(g, known, "output.bias", 1, n_vocab, true, &status, err);
    g->rope_factors = bind(g, known, "rope_freqs.weight", 1, c->n_rot / 2, true, &status, err);
    if (!g->output.weight)
        g->output.weight = g->embedding;
    for (int32_t i = 0; status == BF_OK && i < c->n_layer; i++) {
        struct bf_block unused;
        bind_block(g, known, i, i < g->n_layer_used ? &g->blocks[i] : &unused, &status, err);
    }
    for (size_t i = 0; status == BF_OK && i < g->n_weights; i++)
        if (!known[i])
            status =
                bf_fail(err, BF_MODEL, "'%s': the tensor '%s' belongs to a kind of %s that training does not support",
                        g->path, g->weights[i].name, c->architecture);
    if (status != BF_OK)
        goto out;
    use(g->embedding);
    use(g->rope_factors);
    if (g->params.state_layer < 0) {
        use(g->output_norm);
        use(g->output.weight);
        use(g->output.bias);
    }
    for (int32_t i = 0; i < g->n_layer_used; i++) {
        use(g->blocks[i].attention_norm);
        use(g->blocks[i].ffn_norm);
        for (int j = 0; j < BF_N_LINEAR; j++) {
            use(g->blocks[i].linear[j].weight);
            use(g->blocks[i].linear[j].bias);
        }
    }
out:
    free(known);
    return status;
}

static enum bf_status choose_trained(struct bf_graph *g, struct bf_err *err)
{
    if (g->params.train == BF_TRAIN_FULL)
        for (size_t i = 0; i < g->n_weights; i++)
            g->weights[i].trained = g->weights[i].used && &g->weights[i] != g->rope_factors;
    if (g->params.train == BF_TRAIN_LORA)
        return bf_graph_lora_bind(g, err);
    if (g->params.train != BF_TRAIN_TENSORS)
        return BF_OK;
    if (g->params.n_tensors == 0)
        return bf_fail(err, BF_INPUT, "no tensor is named to be trained; name one, as blk.0.ffn_down.weight");
    for (size_t i = 0; i < g->params.n_tensors; i++) {
        struct bf_weight *w = find(g, g->params.tensors[i]);
        if (!w || w == g->rope_factors)
            return bf_fail(
                err, BF_INPUT,
                "'%s' has no tensor '%s' to train; names are like blk.0.ffn_down.weight, with blocks 0 to %d", g->path,
                g->params.tensors[i], g->config.n_layer - 1);
        if (!w->used)
            return bf_fail(err, BF_INPUT,
                           "the tensor '%s' lies after block %d, whose states are the values: no gradient reaches it",
                           w->name, g->params.state_layer);
        w->trained = true;
    }
    return BF_OK;
}

/* Down to which block a gradient has to go. */
static void choose_backward(struct bf_graph *g)
{
    bool below = g->embedding->trained && g->params.train != BF_TRAIN_NONE;
    /* A tied matrix that is named counts as the embedding too. */
    g->embedding_back = below;
    below = below || g->params.input_gradient;
    for (int32_t i = 0; i < g->n_layer_used; i++) {
        struct bf_block *b = &g->blocks[i];
        bool here = b->attention_norm->trained || b->ffn_norm->trained;
        for (int j = 0; j < BF_N_LINEAR; j++)
            here |= b->linear[j].weight->trained || b->linear[j].weight->lora ||
                    (b->linear[j].bias && b->linear[j].bias->trained);
        b->back = below;
        b->keep = below || here;
        below = b->keep;
    }
}

enum bf_status bf_graph_weights_bind(struct bf_graph *g, struct bf_err *err)
{
    if (fseeko(g->file, 0, SEEK_END) != 0)
        return bf_fail(err, BF_MODEL, "cannot read '%s'", g->path);
    const off_t n_file_bytes = ftello(g->file);
    enum bf_status status = list_tensors(g, n_file_bytes < 0 ? 0 : (uint64_t)n_file_bytes, err);
    if (status == BF_OK)
        status = bind_all(g, err);
    if (status == BF_OK)
        status = choose_trained(g, err);
    if (status == BF_OK)
        choose_backward(g);
    return status;
}

enum bf_status bf_graph_weights_read(const struct bf_graph *g, const struct bf_weight *w, void *out, struct bf_err *err)
{
    if (fseeko(g->file, (off_t)w->offset, SEEK_SET) != 0 || fread(out, 1, w->n_bytes, g->file) != w->n_bytes)
        return bf_fail(err, BF_MODEL, "cannot read the tensor '%s' of '%s': is the file being changed?", w->name,
                       g->path);
    return BF_OK;
}

static enum bf_status short_of(const char *what, const struct bf_weight *w, struct bf_err *err)
{
    return bf_fail(err, BF_INPUT,
                   "memory is short for %s of the tensor '%s'; train an adapter or fewer tensors, or free memory", what,
                   w->name);
}

static bool are_numbers(const struct bf_weight *w)
{
    float row[ROW_VALUES];
    if (w->data && !bf_all_finite(w->data, (size_t)(w->n_in * w->n_out)))
        return false;
    const int64_t n_block = ggml_blck_size((enum ggml_type)w->type), n = ROW_VALUES / n_block * n_block;
    for (int64_t at = 0; w->raw && at < w->n_in * w->n_out; at += n) {
        const int64_t left = w->n_in * w->n_out - at, n_here = left < n ? left : n;
        bf_graph_to_float(w->type, (const char *)w->raw + ggml_row_size((enum ggml_type)w->type, at), row, n_here);
        if (!bf_all_finite(row, (size_t)n_here))
            return false;
    }
    return true;
}

static enum bf_status load_one(struct bf_graph *g, struct bf_weight *w, bool dry, struct bf_err *err)
{
    const size_t n = (size_t)(w->n_in * w->n_out), n_float_bytes = n * sizeof(float);
    const bool vector = w->n_dims == 1;
    const bool as_float = w->trained || g->params.expand_frozen || vector || w->type == GGML_TYPE_F32;
    g->n_bytes_weights += as_float ? n_float_bytes : w->n_bytes;
    if (w->trained) {
        g->n_bytes_gradients += n_float_bytes;
        g->n_trained += (int64_t)n;
        g->n_dequantised += w->type != GGML_TYPE_F32;
    }
    if (dry)
        return BF_OK;
    void *raw = bf_try_array(w->n_bytes + 64, 1);
    if (!raw)
        return short_of("the values", w, err);
    enum bf_status status = bf_graph_weights_read(g, w, raw, err);
    if (status != BF_OK) {
        free(raw);
        return status;
    }
    if (!as_float) {
        w->raw = raw;
    } else if (w->type == GGML_TYPE_F32) {
        w->data = raw;
    } else {
        w->data = bf_try_array(n, sizeof(float));
        for (int64_t i = 0; w->data && i < w->n_out; i++)
            bf_graph_to_float(w->type, (const char *)raw + (size_t)i * ggml_row_size((enum ggml_type)w->type, w->n_in),
                              w->data + i * w->n_in, w->n_in);
        free(raw);
        if (!w->data)
            return short_of("the values", w, err);
    }
    if (!are_numbers(w))
        return bf_fail(err, BF_MODEL,
                       "'%s' is damaged: its tensor '%s' holds values that are not numbers (NaN or infinite); fetch it "
                       "again, or make it again with the program that made it",
                       g->path, w->name);
    if (w->trained && !(w->gradient = bf_try_array(n, sizeof(float))))
        return short_of("the gradient", w, err);
    return BF_OK;
}

/* The type that most elements of matrices have. */
static int most_common_type(const struct bf_graph *g)
{
    int64_t n[GGML_TYPE_COUNT] = {0};
    int best = GGML_TYPE_F32;
    for (size_t i = 0; i < g->n_weights; i++)
        n[g->weights[i].type] += g->weights[i].n_in * g->weights[i].n_out;
    for (int t = 0; t < GGML_TYPE_COUNT; t++)
        if (n[t] > n[best])
            best = t;
    return best;
}

enum bf_status bf_graph_weights_load(struct bf_graph *g, bool dry, struct bf_err *err)
{
    g->source_type = most_common_type(g);
    enum bf_status status = BF_OK;
    for (size_t i = 0; status == BF_OK && i < g->n_weights; i++)
        if (g->weights[i].used)
            status = load_one(g, &g->weights[i], dry, err);
    return status == BF_OK && g->params.train == BF_TRAIN_LORA ? bf_graph_lora_load(g, dry, err) : status;
}

void bf_graph_weights_release(struct bf_graph *g)
{
    bf_graph_lora_release(g);
    for (size_t i = 0; i < g->n_weights; i++) {
        free(g->weights[i].raw);
        free(g->weights[i].data);
        free(g->weights[i].gradient);
    }
    free(g->weights);
}
