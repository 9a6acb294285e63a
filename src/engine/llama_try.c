/* Checking a model before it is loaded. Its header is checked (gguf_check.c); then llama.cpp loads all but the weights
 * in a child process that may crash: hyper-parameters, vocabulary, shapes of tensors, the graph. Then its chat template
 * is run, which is a program. A crash becomes a sentence. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/apart.h"
#include "base/file.h"
#include "engine/gguf_check.h"
#include "engine/gguf_parts.h"
#include "engine/llama_private.h"
#include "base/banned.h"

enum { SECONDS_MAX = 300, TEMPLATE_SECONDS_MAX = 30, TRY_TOKENS = 512, WORDS_MAX = 8192 };

/* In addition to the memory that this process has. */
#define MEMORY_MAX ((rlim_t)4 << 30)            /* for a vocabulary and a graph */
#define TEMPLATE_MEMORY_MAX ((rlim_t)512 << 20) /* for the text of a chat template */

static const char running_template[] = "running its chat template";

struct attempt {
    const char *path, *lora_path;
    enum bf_model_use use;
    const char *chat;
    int words; /* a file in memory that gets the child's stderr; -1 = none */
};

/* Tokenise every byte that a text can have, and words: only now does the tokenizer look for tokens of single bytes. */
static void read_a_text(const struct llama_vocab *vocab)
{
    char text[2048] = "";
    llama_token tokens[sizeof text];
    size_t n =
        (size_t)snprintf(text, sizeof text, "Two words, a number 12 and\n\ta line \xE6\x96\x87 \xF0\x9F\x98\x80");
    for (unsigned c = 1; c < 0x800; c += c < 0x100 ? 1 : 0x3F) {
        if (c >= 0x80)
            text[n++] = (char)(0xC0 | (c >> 6));
        text[n++] = (char)(c < 0x80 ? c : 0x80 | (c & 0x3F));
    }
    for (int special = 0; special < 2; special++) {
        (void)llama_tokenize(vocab, "", 0, tokens, (int32_t)sizeof text, special, special);
        const int32_t n_tokens =
            llama_tokenize(vocab, text, (int32_t)n, tokens, (int32_t)sizeof text, special, special);
        if (n_tokens > 0)
            (void)llama_detokenize(vocab, tokens, n_tokens, text, (int32_t)sizeof text, false, special);
    }
}

static enum bf_status refused(const struct attempt *a, const struct bf_llama_log *log, struct bf_err *err)
{
    return bf_fail(err, BF_MODEL, "cannot load the model '%s'%s%s%s: %s; fetch it again, or convert the model again",
                   a->path, a->lora_path ? " with the adapter '" : "", a->lora_path ? a->lora_path : "",
                   a->lora_path ? "'" : "", log->first);
}

static enum bf_status make_a_graph(const struct attempt *a, struct llama_model *model, struct bf_err *err)
{
    struct llama_context_params params = llama_context_default_params();
    struct bf_llama_log log;
    params.n_ctx = TRY_TOKENS;
    params.n_batch = TRY_TOKENS;
    params.n_ubatch = TRY_TOKENS;
    params.n_seq_max = 1;
    params.embeddings = !llama_model_has_decoder(model) || llama_model_has_encoder(model);
    params.no_perf = true;
    bf_llama_log_begin(&log);
    const bool made = llama_init_from_model(model, params) != NULL;
    bf_llama_log_end(&log);
    return made ? BF_OK : refused(a, &log, err);
}

/* A tokenizer may write without end, and a model may announce a billion layers: the child has to run into a limit
 * before the machine runs out of memory. */
static void limit_memory(rlim_t more)
{
    unsigned long long n_pages = 0;
    FILE *file = fopen("/proc/self/statm", "re");
    if (!file)
        return;
    if (fscanf(file, "%llu", &n_pages) == 1) {
        const rlim_t most = (rlim_t)n_pages * (rlim_t)sysconf(_SC_PAGESIZE) + more;
        const struct rlimit limit = {most, most};
        (void)setrlimit(RLIMIT_AS, &limit);
    }
    (void)fclose(file);
}

/* Open the model's own template as it will be opened later, so that errors are the same. */
static enum bf_status run_template(const struct attempt *a, const struct llama_model *model, struct bf_apart *apart,
                                   struct bf_err *err)
{
    struct bf_chat *chat = NULL;
    if (!a->chat || strcmp(a->chat, "auto") != 0 || !llama_model_chat_template(model, NULL))
        return BF_OK;
    bf_apart_doing(apart, running_template);
    limit_memory(TEMPLATE_MEMORY_MAX);
    (void)alarm(TEMPLATE_SECONDS_MAX);
    return bf_chat_open(model, a->chat, a->path, &chat, err);
}

/* Runs in the child process, which ends afterwards, so nothing is freed. */
static enum bf_status try_to_load(void *user, struct bf_apart *apart, struct bf_err *err)
{
    const struct attempt *a = user;
    ggml_backend_dev_t no_devices[1] = {NULL};
    struct llama_model_params params = llama_model_default_params();
    struct bf_llama_log log;
    (void)setenv("GGML_NO_BACKTRACE", "1", 1); /* otherwise ggml looks for a debugger */
    if (a->words >= 0)
        (void)dup2(a->words, STDERR_FILENO);
    /* Complaints of a backend without a device, and memory that it maps, have nothing to do with the model. */
    bf_llama_log_begin(&log);
    enum bf_status status = bf_engine_start_llama(err);
    bf_llama_log_end(&log);
    if (status != BF_OK)
        return status;
    limit_memory(MEMORY_MAX);
    bf_apart_doing(apart, "reading its hyper-parameters, vocabulary and tensors");
    bf_llama_log_begin(&log);
    params.devices = no_devices;
    params.n_gpu_layers = 0;
    params.load_mode = LLAMA_LOAD_MODE_NONE;
    params.use_extra_bufts = false;
    params.vocab_only = a->use == BF_MODEL_VOCABULARY;
    params.no_alloc = !params.vocab_only;
    struct llama_model *model = llama_model_load_from_file(a->path, params);
    const bool adapted = model && (!a->lora_path || llama_adapter_lora_init(model, a->lora_path));
    bf_llama_log_end(&log);
    if (!adapted)
        return refused(a, &log, err);
    bf_apart_doing(apart, "reading a text with its tokenizer");
    read_a_text(llama_model_get_vocab(model));
    bf_apart_doing(apart, "building its graph");
    status = params.no_alloc ? make_a_graph(a, model, err) : BF_OK;
    return status == BF_OK ? run_template(a, model, apart, err) : status;
}

/* Why the child died, from its stderr: the last assertion, else the last exception, else the last line. */
static void find_reason(char *words, char *out, size_t n)
{
    static const char exception[] = "what():  ";
    const char *at = NULL, *line = NULL;
    for (char *rest = words, *next; (next = strtok_r(rest, "\r\n", &rest));) {
        const char *assertion = strstr(next, "GGML_ASSERT(");
        line = next;
        if (assertion)
            at = assertion;
        else if (!at && strstr(next, exception))
            at = strstr(next, exception) + strlen(exception);
    }
    at = at ? at : line;
    snprintf(out, n, "%s%s%s", at ? ": '" : "", at ? at : "", at ? "'" : "");
}

/* A file without a name; -1 when that is impossible. */
static int scratch_file(void)
{
#ifdef __linux__
    return memfd_create("biforget", MFD_CLOEXEC);
#else
    char name[] = "/tmp/biforget.XXXXXX";
    const int fd = mkstemp(name);
    if (fd >= 0)
        (void)unlink(name);
    return fd;
#endif
}

static enum bf_status try_model(const char *path, const char *lora_path, enum bf_model_use use, const char *chat,
                                struct bf_err *err)
{
    struct attempt attempt = {path, lora_path, use, chat, scratch_file()};
    struct bf_apart apart;
    char words[WORDS_MAX + 1] = "", reason[512] = "", cause[BF_SIGNAL_TEXT_MAX];
    const enum bf_status status = bf_apart_run(try_to_load, &attempt, "llama.cpp", SECONDS_MAX, &apart, err);
    const ssize_t n = attempt.words < 0 ? 0 : pread(attempt.words, words, WORDS_MAX, 0);
    if (attempt.words >= 0)
        (void)close(attempt.words);
    if (apart.returned || status != BF_MODEL)
        return status;
    if (apart.signal == 0)
        snprintf(cause, sizeof cause, "an exit of its own");
    else
        (void)bf_signal_text(apart.signal, cause);
    if (strcmp(apart.doing, running_template) == 0)
        return bf_fail(err, BF_MODEL,
                       "the chat template of '%s' cannot be used: %s ended a process that ran it; give --chat none, or "
                       "the name of another template, or fetch the model again",
                       path, cause);
    words[n > 0 ? n : 0] = '\0';
    if (apart.signal == SIGABRT)
        find_reason(words, reason, sizeof reason);
    return bf_fail(
        err, BF_MODEL,
        "llama.cpp cannot read the model '%s'%s%s%s: %s ended it while %s%s; the file is damaged, or of a kind that "
        "this version does not know: fetch it again, or convert the model again",
        path, lora_path ? " with the adapter '" : "", lora_path ? lora_path : "", lora_path ? "'" : "", cause,
        apart.doing, reason);
}

static enum bf_status check_header(const char *path, enum bf_model_use use, struct bf_err *err)
{
    struct bf_gguf gguf;
    enum bf_status status = bf_gguf_read(path, &gguf, err);
    if (status != BF_OK)
        return status;
    status = bf_gguf_check_parts(&gguf, path, err); /* first, since only the first part has the keys */
    if (status == BF_OK)
        status = bf_gguf_check(&gguf, path, use, err);
    bf_gguf_release(&gguf);
    return status;
}

enum bf_status bf_engine_check_model(const char *path, const char *lora_path, enum bf_model_use use, const char *chat,
                                     struct bf_err *err)
{
    enum bf_status status = check_header(path, use, err);
    if (status == BF_OK && lora_path && !bf_file_exists(lora_path))
        status = bf_fail(err, BF_MODEL, "there is no LoRA adapter '%s'; give a GGUF file with --lora", lora_path);
    if (status == BF_OK && lora_path)
        status = check_header(lora_path, BF_MODEL_ADAPTER, err);
    return status == BF_OK && use != BF_MODEL_WEIGHTS ? try_model(path, lora_path, use, chat, err) : status;
}

/* ---- llama.cpp's log, caught while something is tried and silent otherwise ---- */

static void catch_error(enum ggml_log_level level, const char *text, void *user)
{
    struct bf_llama_log *log = user;
    if (level != GGML_LOG_LEVEL_ERROR || !text)
        return;
    /* "function: what failed\n" -> "what failed" */
    const char *colon = strstr(text, ": ");
    const char *start = colon && colon - text < 64 && !memchr(text, ' ', (size_t)(colon - text)) ? colon + 2 : text;
    size_t n = strcspn(start, "\n");
    if (n == 0 || log->first[0])
        return;
    snprintf(log->first, sizeof log->first, "%.*s", (int)(n > 480 ? 480 : n), start);
}

static void drop(enum ggml_log_level level, const char *text, void *user)
{
    (void)level;
    (void)text;
    (void)user;
}

void bf_llama_log_begin(struct bf_llama_log *log)
{
    log->first[0] = 0;
    llama_log_set(catch_error, log);
}

void bf_llama_log_end(struct bf_llama_log *log)
{
    llama_log_set(drop, NULL);
    if (log->first[0] == 0)
        snprintf(log->first, sizeof log->first, "no reason given");
}
