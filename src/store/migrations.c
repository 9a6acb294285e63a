/* The schema, one entry per version. An entry that has been released is never edited: a change is a new entry.
 *
 * `stage`, `reason`, `stop` and `role` are tables rather than CHECK lists: a new word is then a new row, entered from
 * the enums by bf_migrate, and no table has to be rebuilt. Rows are never deleted. STRICT: a column holds its type or
 * the insert fails. */
#include "store/store_db.h"

#include "base/banned.h"

static const char first[] =
    "PRAGMA application_id = 1111904839;\n"
    "CREATE TABLE stage (word TEXT NOT NULL PRIMARY KEY) STRICT, WITHOUT ROWID;\n"
    "CREATE TABLE reason (word TEXT NOT NULL PRIMARY KEY) STRICT, WITHOUT ROWID;\n"
    "CREATE TABLE stop (word TEXT NOT NULL PRIMARY KEY) STRICT, WITHOUT ROWID;\n"
    "CREATE TABLE request (\n"
    "    id INTEGER PRIMARY KEY,\n"
    "    kind TEXT NOT NULL,\n"
    "    json TEXT NOT NULL\n"
    ") STRICT;\n"
    "CREATE TABLE run (\n"
    "    id INTEGER PRIMARY KEY CHECK (id = 1),\n"
    "    request INTEGER NOT NULL REFERENCES request (id),\n"
    "    templates_json TEXT NOT NULL,\n"
    "    templates_sha256 TEXT NOT NULL,\n"
    "    model_path TEXT NOT NULL,\n"
    "    model_sha256 TEXT NOT NULL,\n"
    "    model_desc TEXT NOT NULL,\n"
    "    embedder_path TEXT NOT NULL,\n"
    "    embedder_sha256 TEXT NOT NULL,\n"
    "    engine_json TEXT NOT NULL,\n"
    "    program_version TEXT NOT NULL\n"
    ") STRICT;\n"
    "CREATE TABLE state (\n"
    "    id INTEGER PRIMARY KEY CHECK (id = 1),\n"
    "    finished INTEGER NOT NULL CHECK (finished IN (0, 1)),\n"
    "    stop TEXT NOT NULL REFERENCES stop (word),\n"
    "    generated_tokens INTEGER NOT NULL CHECK (generated_tokens >= 0),\n"
    "    generate_seconds REAL,\n"
    "    wall_seconds REAL,\n"
    "    knowledge TEXT NOT NULL,\n"
    "    n_domain INTEGER NOT NULL,\n"
    "    n_control INTEGER NOT NULL,\n"
    "    min_k_domain REAL,\n"
    "    min_k_control REAL,\n"
    "    min_k_effect REAL,\n"
    "    similarity_domain REAL,\n"
    "    similarity_control REAL,\n"
    "    agreement_domain REAL,\n"
    "    agreement_control REAL\n"
    ") STRICT;\n"
    "CREATE TABLE template (\n"
    "    idx INTEGER PRIMARY KEY CHECK (idx >= 0),\n"
    "    name TEXT NOT NULL UNIQUE,\n"
    "    family TEXT NOT NULL,\n"
    "    stage TEXT NOT NULL REFERENCES stage (word),\n"
    "    text TEXT NOT NULL,\n"
    "    is_qa INTEGER NOT NULL CHECK (is_qa IN (0, 1))\n"
    ") STRICT;\n"
    /* id is the order of commits. seed holds the 64 bits of an unsigned number. Numbers that do not exist are NULL. */
    "CREATE TABLE sample (\n"
    "    id INTEGER PRIMARY KEY CHECK (id >= 1),\n"
    "    stage TEXT NOT NULL REFERENCES stage (word),\n"
    "    idx INTEGER NOT NULL CHECK (idx >= 0),\n"
    "    state TEXT NOT NULL CHECK (state IN ('kept', 'rejected')),\n"
    "    reason TEXT REFERENCES reason (word),\n"
    "    text TEXT NOT NULL,\n"
    "    raw TEXT,\n"
    "    question TEXT,\n"
    "    answer TEXT,\n"
    "    point INTEGER REFERENCES point (idx),\n"
    "    template INTEGER REFERENCES template (idx),\n"
    "    temperature REAL,\n"
    "    seed INTEGER NOT NULL,\n"
    "    n_tokens INTEGER NOT NULL CHECK (n_tokens >= 0),\n"
    "    finish TEXT NOT NULL CHECK (finish IN ('stop', 'length')),\n"
    "    min_k_prob REAL,\n"
    "    min_k_prob_model REAL,\n"
    "    mean_logp REAL,\n"
    "    diversity REAL,\n"
    "    domain_similarity REAL,\n"
    "    UNIQUE (stage, idx),\n"
    "    CHECK ((state = 'kept') = (reason IS NULL))\n"
    ") STRICT;\n"
    "CREATE INDEX sample_by_reason ON sample (stage, reason);\n"
    "CREATE INDEX sample_by_point ON sample (point, state);\n"
    "CREATE TABLE point (\n"
    "    idx INTEGER PRIMARY KEY CHECK (idx >= 0),\n"
    "    round INTEGER NOT NULL CHECK (round >= 0),\n"
    "    text TEXT NOT NULL,\n"
    "    sample INTEGER NOT NULL REFERENCES sample (id)\n"
    ") STRICT;\n"
    "CREATE INDEX point_by_sample ON point (sample);\n"
    /* float16, little-endian, unit length. */
    "CREATE TABLE embedding (\n"
    "    sample INTEGER PRIMARY KEY REFERENCES sample (id),\n"
    "    n_embd INTEGER NOT NULL CHECK (n_embd > 0),\n"
    "    data BLOB NOT NULL CHECK (length(data) = 2 * n_embd)\n"
    ") STRICT;\n"
    "CREATE TABLE checkpoint (\n"
    "    id INTEGER PRIMARY KEY,\n"
    "    sample INTEGER NOT NULL UNIQUE REFERENCES sample (id),\n"
    "    n_kept INTEGER NOT NULL CHECK (n_kept >= 0),\n"
    "    diversity REAL,\n"
    "    gain REAL,\n"
    "    stop INTEGER NOT NULL CHECK (stop IN (0, 1))\n"
    ") STRICT;\n"
    "CREATE TABLE metric (\n"
    "    id INTEGER PRIMARY KEY,\n"
    "    name TEXT NOT NULL,\n"
    "    value REAL,\n"
    "    n INTEGER NOT NULL,\n"
    "    seed INTEGER NOT NULL,\n"
    "    low REAL,\n"
    "    high REAL,\n"
    "    UNIQUE (name, seed)\n"
    ") STRICT;\n"
    "PRAGMA user_version = 1;\n";

/* Many requests in one run: what belonged to the run belongs to a request now. Adds originals, guards, and answers that
 * wait for their turn. Tables whose keys change are rebuilt and filled; the caller switches foreign keys off for that
 * time. */
static const char second[] =
    "ALTER TABLE request ADD COLUMN name TEXT NOT NULL DEFAULT '';\n"
    "ALTER TABLE request ADD COLUMN role TEXT NOT NULL DEFAULT 'forget' CHECK (role IN ('forget', 'retain'));\n"
    "CREATE UNIQUE INDEX request_by_name ON request (name);\n"
    "ALTER TABLE run ADD COLUMN kind TEXT NOT NULL DEFAULT 'domain';\n"
    "UPDATE run SET kind = (SELECT q.kind FROM request q WHERE q.id = run.request);\n"
    "ALTER TABLE state RENAME TO state_1;\n"
    "CREATE TABLE state (\n"
    "    request INTEGER PRIMARY KEY REFERENCES request (id),\n"
    "    finished INTEGER NOT NULL CHECK (finished IN (0, 1)),\n"
    "    stop TEXT NOT NULL REFERENCES stop (word),\n"
    "    generated_tokens INTEGER NOT NULL CHECK (generated_tokens >= 0),\n"
    "    generate_seconds REAL,\n"
    "    wall_seconds REAL,\n"
    "    knowledge TEXT NOT NULL,\n"
    "    n_domain INTEGER NOT NULL,\n"
    "    n_control INTEGER NOT NULL,\n"
    "    min_k_domain REAL,\n"
    "    min_k_control REAL,\n"
    "    min_k_effect REAL,\n"
    "    similarity_domain REAL,\n"
    "    similarity_control REAL,\n"
    "    agreement_domain REAL,\n"
    "    agreement_control REAL\n"
    ") STRICT;\n"
    "INSERT INTO state SELECT * FROM state_1;\n"
    "DROP TABLE state_1;\n"
    /* hash: of the folded text; each text has one row. */
    "CREATE TABLE original (\n"
    "    request INTEGER NOT NULL REFERENCES request (id),\n"
    "    idx INTEGER NOT NULL CHECK (idx >= 0),\n"
    "    line INTEGER NOT NULL,\n"
    "    text TEXT NOT NULL,\n"
    "    question TEXT,\n"
    "    answer TEXT,\n"
    "    hash INTEGER NOT NULL,\n"
    "    PRIMARY KEY (request, idx),\n"
    "    UNIQUE (request, hash)\n"
    ") STRICT, WITHOUT ROWID;\n"
    /* Vectors that a request's samples must not be too close to; float16, little-endian, unit length. */
    "CREATE TABLE guard (\n"
    "    request INTEGER NOT NULL REFERENCES request (id),\n"
    "    idx INTEGER NOT NULL CHECK (idx >= 0),\n"
    "    name TEXT NOT NULL,\n"
    "    centroid INTEGER NOT NULL CHECK (centroid IN (0, 1)),\n"
    "    reason TEXT NOT NULL REFERENCES reason (word),\n"
    "    n_embd INTEGER NOT NULL CHECK (n_embd > 0),\n"
    "    data BLOB NOT NULL CHECK (length(data) = 2 * n_embd),\n"
    "    PRIMARY KEY (request, idx)\n"
    ") STRICT, WITHOUT ROWID;\n"
    /* Answers that came before their turn, so that a resumed run need not ask again. Deleted with their commit. */
    "CREATE TABLE answer (\n"
    "    request INTEGER NOT NULL REFERENCES request (id),\n"
    "    number INTEGER NOT NULL CHECK (number >= 0),\n"
    "    text BLOB NOT NULL,\n"
    "    n_tokens INTEGER NOT NULL CHECK (n_tokens >= 0),\n"
    "    finish TEXT NOT NULL CHECK (finish IN ('stop', 'length')),\n"
    "    min_k_prob REAL,\n"
    "    min_k_prob_model REAL,\n"
    "    mean_logp REAL,\n"
    "    PRIMARY KEY (request, number)\n"
    ") STRICT, WITHOUT ROWID;\n"
    "DROP INDEX sample_by_reason;\n"
    "DROP INDEX sample_by_point;\n"
    "DROP INDEX point_by_sample;\n"
    "ALTER TABLE sample RENAME TO sample_1;\n"
    "ALTER TABLE point RENAME TO point_1;\n"
    "ALTER TABLE embedding RENAME TO embedding_1;\n"
    "ALTER TABLE checkpoint RENAME TO checkpoint_1;\n"
    /* same_as: the kept sample of an earlier request with the same text. */
    "CREATE TABLE sample (\n"
    "    id INTEGER PRIMARY KEY CHECK (id >= 1),\n"
    "    request INTEGER NOT NULL REFERENCES request (id),\n"
    "    stage TEXT NOT NULL REFERENCES stage (word),\n"
    "    idx INTEGER NOT NULL CHECK (idx >= 0),\n"
    "    state TEXT NOT NULL CHECK (state IN ('kept', 'rejected')),\n"
    "    reason TEXT REFERENCES reason (word),\n"
    "    text TEXT NOT NULL,\n"
    "    raw TEXT,\n"
    "    question TEXT,\n"
    "    answer TEXT,\n"
    "    point INTEGER,\n"
    "    template INTEGER REFERENCES template (idx),\n"
    "    original INTEGER,\n"
    "    temperature REAL,\n"
    "    seed INTEGER NOT NULL,\n"
    "    n_tokens INTEGER NOT NULL CHECK (n_tokens >= 0),\n"
    "    finish TEXT NOT NULL CHECK (finish IN ('stop', 'length')),\n"
    "    min_k_prob REAL,\n"
    "    min_k_prob_model REAL,\n"
    "    mean_logp REAL,\n"
    "    diversity REAL,\n"
    "    domain_similarity REAL,\n"
    "    edit_distance REAL,\n"
    "    text_hash INTEGER,\n"
    "    same_as INTEGER REFERENCES sample (id),\n"
    "    UNIQUE (request, stage, idx),\n"
    "    FOREIGN KEY (request, point) REFERENCES point (request, idx),\n"
    "    FOREIGN KEY (request, original) REFERENCES original (request, idx),\n"
    "    CHECK ((state = 'kept') = (reason IS NULL))\n"
    ") STRICT;\n"
    "CREATE TABLE point (\n"
    "    request INTEGER NOT NULL REFERENCES request (id),\n"
    "    idx INTEGER NOT NULL CHECK (idx >= 0),\n"
    "    round INTEGER NOT NULL CHECK (round >= 0),\n"
    "    text TEXT NOT NULL,\n"
    "    sample INTEGER NOT NULL REFERENCES sample (id),\n"
    "    PRIMARY KEY (request, idx)\n"
    ") STRICT, WITHOUT ROWID;\n"
    "CREATE TABLE embedding (\n"
    "    sample INTEGER PRIMARY KEY REFERENCES sample (id),\n"
    "    n_embd INTEGER NOT NULL CHECK (n_embd > 0),\n"
    "    data BLOB NOT NULL CHECK (length(data) = 2 * n_embd)\n"
    ") STRICT;\n"
    "CREATE TABLE checkpoint (\n"
    "    id INTEGER PRIMARY KEY,\n"
    "    sample INTEGER NOT NULL UNIQUE REFERENCES sample (id),\n"
    "    n_kept INTEGER NOT NULL CHECK (n_kept >= 0),\n"
    "    diversity REAL,\n"
    "    gain REAL,\n"
    "    stop INTEGER NOT NULL CHECK (stop IN (0, 1))\n"
    ") STRICT;\n"
    "INSERT INTO sample (id, request, stage, idx, state, reason, text, raw, question, answer, point, template,"
    " temperature, seed, n_tokens, finish, min_k_prob, min_k_prob_model, mean_logp, diversity, domain_similarity)"
    " SELECT id, 1, stage, idx, state, reason, text, raw, question, answer, point, template, temperature, seed,"
    " n_tokens, finish, min_k_prob, min_k_prob_model, mean_logp, diversity, domain_similarity FROM sample_1;\n"
    "INSERT INTO point SELECT 1, idx, round, text, sample FROM point_1;\n"
    "INSERT INTO embedding SELECT * FROM embedding_1;\n"
    "INSERT INTO checkpoint SELECT * FROM checkpoint_1;\n"
    "DROP TABLE checkpoint_1;\n"
    "DROP TABLE embedding_1;\n"
    "DROP TABLE point_1;\n"
    "DROP TABLE sample_1;\n"
    "CREATE INDEX sample_by_request ON sample (request);\n"
    "CREATE INDEX sample_by_reason ON sample (request, stage, reason);\n"
    "CREATE INDEX sample_by_point ON sample (request, point, state);\n"
    "CREATE INDEX sample_by_original ON sample (request, original, state) WHERE original IS NOT NULL;\n"
    "CREATE INDEX sample_by_hash ON sample (text_hash, request) WHERE text_hash IS NOT NULL;\n"
    "CREATE INDEX point_by_sample ON point (sample);\n"
    "PRAGMA user_version = 2;\n";

/* Vectors of texts by their content, so that a second measurement need not embed them. `model` says which model made
 * the vector and how it was pooled; content is a SHA-256; float32, little-endian, as the model gave them. */
static const char third[] = BF_VECTOR_TABLE "PRAGMA user_version = 3;\n";

/* The trainings that used the run's set, and their losses step by step. NULL: there is no such number. */
static const char fourth[] = "CREATE TABLE training (\n"
                             "    id INTEGER PRIMARY KEY,\n"
                             "    method TEXT NOT NULL,\n"
                             "    settings TEXT NOT NULL,\n"
                             "    model_sha256 TEXT NOT NULL,\n"
                             "    steps INTEGER NOT NULL CHECK (steps >= 0),\n"
                             "    planned_steps INTEGER NOT NULL CHECK (planned_steps >= 0),\n"
                             "    stop TEXT NOT NULL,\n"
                             "    forget_nll_before REAL,\n"
                             "    retain_nll_before REAL,\n"
                             "    forget_nll_after REAL,\n"
                             "    retain_nll_after REAL\n"
                             ") STRICT;\n"
                             "CREATE TABLE training_step (\n"
                             "    training INTEGER NOT NULL REFERENCES training (id),\n"
                             "    step INTEGER NOT NULL CHECK (step >= 1),\n"
                             "    loss REAL,\n"
                             "    forget_loss REAL,\n"
                             "    retain_loss REAL,\n"
                             "    general_loss REAL,\n"
                             "    learning_rate REAL,\n"
                             "    gradient_norm REAL,\n"
                             "    PRIMARY KEY (training, step)\n"
                             ") STRICT, WITHOUT ROWID;\n"
                             "PRAGMA user_version = 4;\n";

/* Self-questioning. source: the text that a question or a pair is about, the pair that a wording asks in other words.
 * held_out: kept, but for probing only. */
static const char fifth[] = "ALTER TABLE sample ADD COLUMN source INTEGER REFERENCES sample (id);\n"
                            "ALTER TABLE sample ADD COLUMN held_out INTEGER NOT NULL DEFAULT 0"
                            " CHECK (held_out = 0 OR (held_out = 1 AND state = 'kept'));\n"
                            "CREATE INDEX sample_by_source ON sample (source) WHERE source IS NOT NULL;\n"
                            "ALTER TABLE state ADD COLUMN n_questions INTEGER NOT NULL DEFAULT 0;\n"
                            "ALTER TABLE state ADD COLUMN n_verified INTEGER NOT NULL DEFAULT 0;\n"
                            "ALTER TABLE state ADD COLUMN control_questions INTEGER NOT NULL DEFAULT 0;\n"
                            "ALTER TABLE state ADD COLUMN control_verified INTEGER NOT NULL DEFAULT 0;\n"
                            "PRAGMA user_version = 5;\n";

/* The roles of requests as a table, too, since there is a third one: 'neighbour'. Its references keep their name while
 * the table is rebuilt. */
static const char sixth[] = "CREATE TABLE role (word TEXT NOT NULL PRIMARY KEY) STRICT, WITHOUT ROWID;\n"
                            "INSERT INTO role VALUES ('forget'), ('retain'), ('neighbour');\n"
                            "CREATE TABLE request_with_role (\n"
                            "    id INTEGER PRIMARY KEY,\n"
                            "    name TEXT NOT NULL DEFAULT '',\n"
                            "    kind TEXT NOT NULL,\n"
                            "    role TEXT NOT NULL DEFAULT 'forget' REFERENCES role (word),\n"
                            "    json TEXT NOT NULL\n"
                            ") STRICT;\n"
                            "INSERT INTO request_with_role (id, name, kind, role, json)"
                            " SELECT id, name, kind, role, json FROM request;\n"
                            "DROP TABLE request;\n"
                            "ALTER TABLE request_with_role RENAME TO request;\n"
                            "CREATE UNIQUE INDEX request_by_name ON request (name);\n"
                            "PRAGMA user_version = 6;\n";

/* Questions between the steps of a training (unlearn/unlearn.h). chosen_step NULL: no model was written. */
static const char seventh[] = "CREATE TABLE training_probing (\n"
                              "    training INTEGER PRIMARY KEY REFERENCES training (id),\n"
                              "    forget_questions INTEGER NOT NULL CHECK (forget_questions >= 0),\n"
                              "    retain_questions INTEGER NOT NULL CHECK (retain_questions >= 0),\n"
                              "    chosen_step INTEGER CHECK (chosen_step >= 1)\n"
                              ") STRICT;\n"
                              "CREATE TABLE training_probe (\n"
                              "    training INTEGER NOT NULL REFERENCES training_probing (training),\n"
                              "    step INTEGER NOT NULL CHECK (step >= 0),\n"
                              "    forget_right INTEGER NOT NULL CHECK (forget_right >= 0),\n"
                              "    retain_right INTEGER NOT NULL CHECK (retain_right >= 0),\n"
                              "    PRIMARY KEY (training, step)\n"
                              ") STRICT, WITHOUT ROWID;\n"
                              "PRAGMA user_version = 7;\n";

/* origin: which answers named the point, or that the user did; '' in a run of an earlier version. */
static const char eighth[] = "ALTER TABLE point ADD COLUMN origin TEXT NOT NULL DEFAULT '';\n"
                             "PRAGMA user_version = 8;\n";

static const char *const migrations[BF_STORE_VERSION] = {first, second, third, fourth, fifth, sixth, seventh, eighth};

const char *bf_migration(int64_t version)
{
    return version >= 1 && version <= BF_STORE_VERSION ? migrations[version - 1] : NULL;
}

static enum bf_status enter_word(struct bf_store *store, sqlite3_stmt *statement, const char *word, struct bf_err *err)
{
    if (bf_sql_bind_text(statement, 1, word) != SQLITE_OK)
        return bf_sql_fail(store, "enter the words of this program into", err);
    return bf_sql_run(store, statement, "enter the words of this program into", err);
}

/* A newer program may know more words than the run: they must be there before a row can use them. */
static enum bf_status enter_words(struct bf_store *store, struct bf_err *err)
{
    enum { TABLES = 4 };
    static const char *const sql[TABLES] = {
        "INSERT OR IGNORE INTO stage (word) VALUES (?1)", "INSERT OR IGNORE INTO reason (word) VALUES (?1)",
        "INSERT OR IGNORE INTO stop (word) VALUES (?1)", "INSERT OR IGNORE INTO role (word) VALUES (?1)"};
    sqlite3_stmt *statements[TABLES] = {NULL};
    enum bf_status status = BF_OK;
    for (size_t i = 0; i < TABLES; i++)
        if (sqlite3_prepare_v2(store->db, sql[i], -1, &statements[i], NULL) != SQLITE_OK) {
            status = bf_sql_fail(store, "read", err);
            goto out;
        }
    for (int i = 0; i < BF_STAGE_COUNT && status == BF_OK; i++)
        status = enter_word(store, statements[0], bf_stage_word((enum bf_stage)i), err);
    for (int i = BF_REASON_NONE + 1; i < BF_REASON_COUNT && status == BF_OK; i++)
        status = enter_word(store, statements[1], bf_reason_word((enum bf_reason)i), err);
    for (int i = 0; i < BF_STOP_COUNT && status == BF_OK; i++)
        status = enter_word(store, statements[2], bf_stop_word((enum bf_stop)i), err);
    for (int i = 0; i < BF_ROLE_COUNT && status == BF_OK; i++)
        status = enter_word(store, statements[3], bf_role_word((enum bf_role)i), err);
out:
    for (size_t i = 0; i < TABLES; i++)
        sqlite3_finalize(statements[i]);
    return status;
}

enum bf_status bf_migrate(struct bf_store *store, struct bf_err *err)
{
    int64_t version = 0;
    enum bf_status status = bf_sql_integer(store, "PRAGMA user_version", &version, err);
    /* While a table is rebuilt its references are missing; the pragma works only outside a transaction. */
    if (status == BF_OK && version < BF_STORE_VERSION)
        status = bf_sql_exec(store, "PRAGMA foreign_keys = OFF", "bring up to date", err);
    while (status == BF_OK && version < BF_STORE_VERSION) {
        version++;
        status = bf_sql_begin(store, false, err);
        if (status != BF_OK)
            break;
        status = bf_sql_exec(store, bf_migration(version), "bring up to date", err);
        status = bf_sql_end(store, status, false, err);
    }
    if (status == BF_OK)
        status = bf_sql_exec(store, "PRAGMA foreign_keys = ON", "bring up to date", err);
    if (status != BF_OK)
        return status;
    status = bf_sql_begin(store, false, err);
    if (status != BF_OK)
        return status;
    return bf_sql_end(store, enter_words(store, err), false, err);
}
